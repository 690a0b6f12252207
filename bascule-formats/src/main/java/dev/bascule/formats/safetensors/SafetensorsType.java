package dev.bascule.formats.safetensors;

import dev.bascule.core.DType;
import dev.bascule.formats.StoredType;
import java.util.Arrays;
import java.util.Optional;

/**
 * The dtypes of safetensors, one row each, in the order in which writers put them into a file: the
 * widest last here, first there, so that tensors are aligned. Source: safetensors' {@code Dtype}.
 */
@SuppressWarnings("ImmutableEnumChecker") // StoredType is a family of records
enum SafetensorsType {
  BOOL(DType.BOOL),
  F4(2, 1),
  F6_E2M3(4, 3),
  F6_E3M2(4, 3),
  U8(DType.U8),
  I8(DType.I8),
  F8_E5M2(DType.F8E5M2),
  F8_E4M3(DType.F8E4M3),
  F8_E8M0(1, 1),
  F8_E4M3FNUZ(1, 1),
  F8_E5M2FNUZ(1, 1),
  I16(DType.I16),
  U16(DType.U16),
  F16(DType.F16),
  BF16(DType.BF16),
  I32(DType.I32),
  U32(DType.U32),
  F32(DType.F32),
  C64(1, 8),
  F64(DType.F64),
  I64(DType.I64),
  U64(DType.U64);

  private final StoredType stored;

  SafetensorsType(DType dtype) {
    this.stored = StoredType.of(dtype);
  }

  SafetensorsType(int blockElements, int blockBytes) {
    this.stored = new StoredType.Other(name(), blockElements, blockBytes);
  }

  StoredType stored() {
    return stored;
  }

  static Optional<SafetensorsType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  static Optional<SafetensorsType> of(StoredType stored) {
    return Arrays.stream(values()).filter(type -> type.stored.equals(stored)).findFirst();
  }
}
