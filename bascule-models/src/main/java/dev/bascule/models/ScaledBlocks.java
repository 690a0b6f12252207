package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.huggingface.HuggingFaceConfig;
import dev.bascule.formats.json.Json;
import java.util.List;
import java.util.Optional;

/**
 * Blocks of a weight in 8-bit floats (E4M3) that share a scale: an element is its 8-bit float times
 * the f32 scale of its block, rounded to f32. Source: DeepSeek-V3, 2024, section 3.3, and the
 * {@code weight_scale_inv} of its published files.
 *
 * @param rows rows of a block; those at the end may have fewer
 * @param columns elements of a row that share a scale
 */
record ScaledBlocks(int rows, int columns) {
  private static final StoredType STORED = StoredType.of(DType.F8E4M3);
  private static final String REMEDY =
      "use the model's unquantised folder, or a GGUF of it in q8_0 or q4_k, for example";

  /**
   * What {@code quantization_config} says.
   *
   * @throws FormatException if the weights are quantised in a way that is not read
   */
  static Optional<ScaledBlocks> of(HuggingFaceConfig config) {
    for (String key : List.of("quantization_config", "compression_config")) {
      Json stated = config.json().get(key);
      if (!stated.isNull()) {
        return Optional.of(of(stated));
      }
    }
    return Optional.empty();
  }

  private static ScaledBlocks of(Json stated) {
    Json method = stated.get("quant_method");
    if (!method.isText() || !method.text().equals("fp8")) {
      throw method.wrong("'fp8', the one way to quantise folders that Bascule reads", REMEDY);
    }
    if (!stated.get("fmt").textOr("e4m3").equals("e4m3")) {
      throw stated.get("fmt").wrong("'e4m3'", REMEDY);
    }
    Json size = stated.get("weight_block_size");
    if (!size.isArray() || size.elements().size() != 2) {
      throw size.wrong("the rows and columns of the blocks that share a scale", REMEDY);
    }
    List<Json> both = size.elements();
    return new ScaledBlocks(
        both.get(0).integer(1, Bounds.WIDTH), both.get(1).integer(1, Bounds.WIDTH));
  }

  static boolean isScaled(StoredTensor tensor) {
    return tensor.type().equals(STORED);
  }

  /** What the scales of such a weight must be. */
  List<Long> scaleDims(StoredTensor weight) {
    return List.of(
        Math.ceilDiv(weight.dims().get(0), (long) rows),
        Math.ceilDiv(weight.dims().get(1), (long) columns));
  }

  /**
   * Multiplies rows of a weight by their scales.
   *
   * @param values rows one after the other, from {@code at} on
   * @param first the number of the first of them in the weight
   */
  void scale(StoredTensor scales, float[] values, int at, long first, int count, int width) {
    float[] row = new float[Math.ceilDiv(width, columns)];
    for (int i = 0; i < count; i++) {
      long block = (first + i) / rows;
      if (i == 0 || (first + i) % rows == 0) {
        scales.readFloats(block * row.length, row, 0, row.length);
      }
      int start = at + i * width;
      for (int j = 0; j < width; j++) {
        values[start + j] *= row[j / columns];
      }
    }
  }
}
