package dev.bascule.formats.gguf;

import java.util.Optional;

/** The types of metadata values, one row each. */
public enum GgufType {
  U8(0, 1, Kind.UNSIGNED),
  I8(1, 1, Kind.SIGNED),
  U16(2, 2, Kind.UNSIGNED),
  I16(3, 2, Kind.SIGNED),
  U32(4, 4, Kind.UNSIGNED),
  I32(5, 4, Kind.SIGNED),
  F32(6, 4, Kind.FLOAT),
  BOOL(7, 1, Kind.BOOL),
  TEXT(8, 0, Kind.TEXT),
  ARRAY(9, 0, Kind.ARRAY),
  U64(10, 8, Kind.UNSIGNED),
  I64(11, 8, Kind.SIGNED),
  F64(12, 8, Kind.FLOAT);

  enum Kind {
    UNSIGNED,
    SIGNED,
    FLOAT,
    BOOL,
    TEXT,
    ARRAY
  }

  private static final GgufType[] BY_CODE = values();

  private final int code;
  private final int bytes;
  private final Kind kind;

  GgufType(int code, int bytes, Kind kind) {
    this.code = code;
    this.bytes = bytes;
    this.kind = kind;
  }

  int code() {
    return code;
  }

  /** Bytes of a value; 0 where they vary. */
  int bytes() {
    return bytes;
  }

  Kind kind() {
    return kind;
  }

  static Optional<GgufType> of(int code) {
    // The rows stand in the order of their codes.
    return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
  }
}
