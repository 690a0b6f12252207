package dev.bascule.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Models that lie in Maven repositories, one row each. */
enum ModelArtifact {
  MINILM("minilm", "all-minilm-l6-v2", Pooling.MEAN),
  MINILM_QUANTISED("minilm-q", "all-minilm-l6-v2-q", Pooling.MEAN),
  BGE_SMALL_EN("bge-small-en", "bge-small-en-v15", Pooling.CLS),
  BGE_SMALL_ZH("bge-small-zh", "bge-small-zh-v15", Pooling.CLS);

  private static final String GROUP = "dev.langchain4j";
  private static final String VERSION = "1.20.0-beta30";

  private final String shortName;
  private final String artifact;
  private final Pooling pooling;

  ModelArtifact(String shortName, String model, Pooling pooling) {
    this.shortName = shortName;
    this.artifact = "langchain4j-embeddings-" + model;
    this.pooling = pooling;
  }

  String shortName() {
    return shortName;
  }

  String coordinates() {
    return GROUP + ":" + artifact + ":" + VERSION;
  }

  String jar() {
    return artifact + "-" + VERSION + ".jar";
  }

  Pooling pooling() {
    return pooling;
  }

  /** Whether {@code folder} looks as a download leaves it. */
  boolean isIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".onnx"))
          && Files.isRegularFile(folder.resolve("tokenizer.json"));
    }
  }
}
