package dev.bascule.formats.gguf;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.StoredType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The tensor types of GGUF files by the number that stands for them. Source: ggml's {@code enum
 * ggml_type}.
 */
final class GgufTensorTypes {
  private static final Map<Integer, StoredType> BY_CODE = table();

  private GgufTensorTypes() {}

  private static Map<Integer, StoredType> table() {
    Map<Integer, StoredType> table = new LinkedHashMap<>();
    table.put(0, StoredType.of(DType.F32));
    table.put(1, StoredType.of(DType.F16));
    table.put(24, StoredType.of(DType.I8));
    table.put(25, StoredType.of(DType.I16));
    table.put(26, StoredType.of(DType.I32));
    table.put(27, StoredType.of(DType.I64));
    table.put(28, StoredType.of(DType.F64));
    table.put(30, StoredType.of(DType.BF16));
    for (QuantType quant : QuantType.values()) {
      table.put(quant.ggufCode(), StoredType.of(quant));
    }
    // Known by size alone, so that files with them can be inspected.
    table.put(9, new StoredType.Other("Q8_1", 32, 36));
    table.put(15, new StoredType.Other("Q8_K", 256, 292));
    table.put(16, new StoredType.Other("IQ2_XXS", 256, 66));
    table.put(17, new StoredType.Other("IQ2_XS", 256, 74));
    table.put(18, new StoredType.Other("IQ3_XXS", 256, 98));
    table.put(19, new StoredType.Other("IQ1_S", 256, 50));
    table.put(21, new StoredType.Other("IQ3_S", 256, 110));
    table.put(22, new StoredType.Other("IQ2_S", 256, 82));
    table.put(29, new StoredType.Other("IQ1_M", 256, 56));
    table.put(34, new StoredType.Other("TQ1_0", 256, 54));
    table.put(35, new StoredType.Other("TQ2_0", 256, 66));
    table.put(40, new StoredType.Other("NVFP4", 64, 36));
    return Map.copyOf(table);
  }

  static Optional<StoredType> of(int code) {
    return Optional.ofNullable(BY_CODE.get(code));
  }

  /** The number of a type; empty if GGUF has none for it. */
  static Optional<Integer> code(StoredType type) {
    return BY_CODE.entrySet().stream()
        .filter(entry -> entry.getValue().equals(type))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
