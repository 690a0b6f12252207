package dev.bascule.bench;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.models.DecoderModel;
import dev.bascule.models.GgufExport;
import dev.bascule.models.SyntheticModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** A GGUF file of random weights in the shape of a well-known model, for all sides to read. */
final class SyntheticFile {
  private static final long SEED = 1;

  private SyntheticFile() {}

  static Path write(String shape, String quant, Path folder) throws IOException {
    SyntheticModel known = SyntheticModel.of(shape);
    WeightType type = type(quant);
    Path path = folder.resolve(shape + "-" + quant + ".gguf");
    GgufMetadata vocabulary =
        GgufMetadata.empty().with("tokenizer.ggml.model", GgufValue.of("no_vocab"));
    try (DecoderModel model = DecoderModel.synthetic(known, type, SEED)) {
      GgufExport.write(model.config(), model.weights(), type, vocabulary, path);
    }
    return path;
  }

  private static WeightType type(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "f32" -> new WeightType.Floats(DType.F32);
      case "f16" -> new WeightType.Floats(DType.F16);
      case "bf16" -> new WeightType.Floats(DType.BF16);
      default ->
          new WeightType.Blocks(
              QuantType.of(name)
                  .orElseThrow(() ->
                      new IllegalArgumentException(
                          "--quant: expected f32, f16, bf16 or one of "
                              + Arrays.toString(QuantType.values())
                              + ", got "
                              + name)));
    };
  }
}
