package dev.bascule.cli;

import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.Family;
import dev.bascule.models.GgufExport;
import dev.bascule.models.Rope;
import dev.bascule.models.SyntheticModel;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a start cache is made from: the two main jobs once each, in one process, so that their
 * classes, links and profiles are in it. The language model is a small one with random weights.
 */
final class Rehearsal {
  private static final int VOCABULARY = 256;

  private Rehearsal() {}

  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("bascule-rehearsal");
    Path model = folder.resolve("small.gguf");
    int code;
    try {
      write(model);
      code = run("generate", model.toString(), "--prompt", "hello", "--max-tokens", "4");
      code = Math.max(code, run("embed", "hello"));
    } finally {
      Files.deleteIfExists(model);
      Files.delete(folder);
    }
    System.exit(code);
  }

  private static int run(String... args) {
    return Main.run(Console.ofProcess(), args);
  }

  private static void write(Path path) throws IOException {
    WeightType type = new WeightType.Blocks(QuantType.Q8_0);
    DecoderConfig config = config();
    try (Weights weights = SyntheticModel.random(config, type, 1)) {
      GgufExport.write(config, weights, type, vocabulary(), path);
    }
  }

  private static DecoderConfig config() {
    return new DecoderConfig(
        Family.QWEN3,
        2,
        256,
        4,
        2,
        64,
        512,
        VOCABULARY,
        1e-6f,
        new Rope(64, 1e6f, new Rope.Scaling.None()),
        new DecoderConfig.Features(true, false, false, true, false),
        Optional.empty(),
        Optional.empty(),
        4096,
        OptionalInt.empty(),
        new DecoderConfig.Ends(OptionalInt.empty(), List.of()));
  }

  /** Byte-level BPE of single characters and two merges. */
  private static GgufMetadata vocabulary() {
    List<String> tokens = new ArrayList<>();
    for (char c = 0x100; tokens.size() < VOCABULARY - 96; c++) {
      tokens.add(String.valueOf(c));
    }
    for (char c = '!'; c <= '~'; c++) {
      tokens.add(String.valueOf(c));
    }
    tokens.addAll(List.of("he", "ll"));
    return GgufMetadata.empty()
        .with("tokenizer.ggml.model", GgufValue.of("gpt2"))
        .with("tokenizer.ggml.pre", GgufValue.of("qwen2"))
        .with("tokenizer.ggml.tokens", GgufValue.ofTexts(tokens))
        .with("tokenizer.ggml.merges", GgufValue.ofTexts(List.of("h e", "l l")));
  }
}
