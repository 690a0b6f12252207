package dev.bascule.formats.gguf;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * One GGUF file, read and checked: versions 2 and 3, little-endian. Source:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
record GgufPart(
    InputFile file,
    int version,
    GgufMetadata metadata,
    int alignment,
    Map<String, StoredTensor> tensors) {
  static final int MAGIC = 0x4655_4747; // 'GGUF'
  static final int ALIGNMENT_DEFAULT = 32;
  static final String ALIGNMENT_KEY = "general.alignment";

  private static final int ENTRIES_MAX = 1 << 16;
  private static final int TENSORS_MAX = 1 << 20;
  static final int RANK_MAX = 4;
  private static final int ARRAYS_MAX = 1 << 20;
  private static final int DEPTH_MAX = 8;

  /** An entry of the list of tensors. */
  private record Listed(String name, List<Long> dims, StoredType type, long offset, long bytes) {}

  static GgufPart read(InputFile file) {
    return new Parser(file).part();
  }

  private static final class Parser {
    private final InputFile file;
    private final GgufCursor cursor;
    private int arrays;

    private Parser(InputFile file) {
      this.file = file;
      this.cursor = new GgufCursor(file);
    }

    private GgufPart part() {
      if (file.size() < Integer.BYTES || cursor.i32() != MAGIC) {
        throw cursor.broken("a GGUF file", "another format (it starts differently)");
      }
      int version = version();
      // a tensor takes the length of its name, a rank, a type and an offset at least; an entry the
      // length of its key, a type and a value
      int tensorCount = cursor.count(24, TENSORS_MAX, "tensors");
      int entryCount = cursor.count(13, ENTRIES_MAX, "metadata values");
      GgufMetadata metadata = metadata(entryCount);
      int alignment = alignment(metadata);
      List<Listed> infos = new ArrayList<>();
      for (int i = 0; i < tensorCount; i++) {
        infos.add(info(i, alignment));
      }
      return new GgufPart(file, version, metadata, alignment, place(infos, alignment));
    }

    private int version() {
      int version = cursor.i32();
      if (version == 2 || version == 3) {
        return version;
      }
      String remedy = "convert the model again with a current converter";
      if (Integer.reverseBytes(version) == 2 || Integer.reverseBytes(version) == 3) {
        throw cursor.refused("a little-endian file", "a big-endian one", remedy);
      }
      throw cursor.refused("GGUF version 2 or 3", Integer.toUnsignedString(version), remedy);
    }

    private GgufMetadata metadata(int count) {
      SequencedMap<String, GgufValue> values = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        cursor.enter("metadata " + i);
        String key = cursor.name("a key");
        cursor.enter("metadata " + i + " " + FormatException.quote(key));
        GgufType type = type();
        GgufValue value =
            switch (type.kind()) {
              case ARRAY -> array(1);
              case TEXT -> new GgufValue.Text(cursor.text());
              case UNSIGNED, SIGNED, FLOAT, BOOL ->
                  new GgufValue.Scalar(type, cursor.number(type.bytes()));
            };
        if (values.putIfAbsent(key, value) != null) {
          throw cursor.broken("each key once", FormatException.quote(key) + " twice");
        }
      }
      return new GgufMetadata(file, values);
    }

    private GgufType type() {
      int code = cursor.i32();
      return GgufType.of(code)
          .orElseThrow(() ->
              cursor.broken("a type of metadata from 0 to 12", Integer.toUnsignedString(code)));
    }

    private GgufValue array(int depth) {
      if (depth > DEPTH_MAX || ++arrays > ARRAYS_MAX) {
        throw cursor.broken(
            "at most " + DEPTH_MAX + " arrays in each other and " + ARRAYS_MAX + " in all", "more");
      }
      GgufType type = type();
      return switch (type.kind()) {
        case TEXT -> cursor.texts(cursor.count(Long.BYTES, Integer.MAX_VALUE, "texts"));
        case ARRAY -> {
          int count = cursor.count(12, ARRAYS_MAX, "arrays");
          List<GgufValue> elements = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            elements.add(array(depth + 1));
          }
          yield new GgufValue.Nested(elements);
        }
        case UNSIGNED, SIGNED, FLOAT, BOOL -> {
          int count = cursor.count(type.bytes(), Integer.MAX_VALUE, "elements");
          yield new GgufValue.Scalars(type, cursor.bytes(count * type.bytes()));
        }
      };
    }

    private int alignment(GgufMetadata metadata) {
      cursor.enter("header");
      int alignment =
          metadata
              .find(ALIGNMENT_KEY)
              .map(entry -> entry.integer(1, 1 << 20))
              .orElse(ALIGNMENT_DEFAULT);
      if (Integer.bitCount(alignment) != 1) {
        throw metadata.get(ALIGNMENT_KEY).wrong("a power of two", "convert the model again");
      }
      return alignment;
    }

    private Listed info(int index, int alignment) {
      cursor.enter("tensor " + index);
      String name = cursor.name("a name");
      cursor.enter("tensor " + index + " " + FormatException.quote(name));
      int rank = cursor.i32();
      if (rank < 0 || rank > RANK_MAX) {
        throw cursor.broken("at most " + RANK_MAX + " dimensions", Integer.toUnsignedString(rank));
      }
      List<Long> dims = new ArrayList<>();
      for (int i = 0; i < rank; i++) {
        // the file has the contiguous one first
        dims.addFirst(cursor.number(Long.BYTES));
      }
      int code = cursor.i32();
      StoredType type =
          GgufTensorTypes.of(code)
              .orElseThrow(() ->
                  cursor.refused(
                      "a known tensor type",
                      "type " + Integer.toUnsignedString(code),
                      "convert the model to a type of ggml's that is still in use"));
      long offset = cursor.number(Long.BYTES);
      if (offset < 0 || offset % alignment != 0) {
        throw cursor.broken(
            "an offset that is a multiple of " + alignment, Long.toUnsignedString(offset));
      }
      return new Listed(name, dims, type, offset, bytes(dims, type));
    }

    private long bytes(List<Long> dims, StoredType type) {
      long elements = 1;
      try {
        for (long dim : dims) {
          if (dim < 0) {
            throw cursor.broken("dimensions of 63 bits", Long.toUnsignedString(dim));
          }
          elements = Math.multiplyExact(elements, dim);
        }
        long row = dims.isEmpty() ? 1 : dims.getLast();
        if (row % type.blockElements() != 0) {
          throw cursor.broken(
              "rows of whole blocks of " + type.blockElements() + " elements for " + type,
              "dimensions " + dims);
        }
        return type.bytes(elements);
      } catch (ArithmeticException e) {
        throw cursor.broken("a size of 63 bits", "dimensions " + dims);
      }
    }

    /** The tensors where they lie: within the file, none over another. */
    private Map<String, StoredTensor> place(List<Listed> infos, int alignment) {
      cursor.enter("tensors");
      long start = Math.ceilDiv(cursor.position(), (long) alignment) * alignment;
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      for (Listed info : infos) {
        long room = file.size() - start;
        if (info.bytes() > 0 && (info.offset() > room || info.bytes() > room - info.offset())) {
          throw cursor.broken(
              "tensor "
                  + FormatException.quote(info.name())
                  + " ("
                  + info.bytes()
                  + " bytes at offset "
                  + info.offset()
                  + ") within the file",
              Math.max(0, room) + " bytes of tensors");
        }
        long at = info.bytes() == 0 ? 0 : start + info.offset();
        StoredTensor tensor = new StoredTensor(info.name(), info.type(), info.dims(), file, at);
        if (tensors.put(info.name(), tensor) != null) {
          throw cursor.broken("each tensor once", FormatException.quote(info.name()) + " twice");
        }
      }
      checkDisjoint(infos);
      return tensors;
    }

    private void checkDisjoint(List<Listed> infos) {
      List<Listed> byOffset =
          infos.stream()
              .filter(info -> info.bytes() > 0)
              .sorted(Comparator.comparingLong(Listed::offset))
              .toList();
      for (int i = 1; i < byOffset.size(); i++) {
        Listed before = byOffset.get(i - 1);
        Listed after = byOffset.get(i);
        if (before.offset() + before.bytes() > after.offset()) {
          throw cursor.broken(
              "tensors that do not overlap",
              FormatException.quote(before.name())
                  + " over "
                  + FormatException.quote(after.name()));
        }
      }
    }
  }
}
