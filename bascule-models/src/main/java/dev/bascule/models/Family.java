package dev.bascule.models;

import dev.bascule.formats.FormatException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The families of decoders, one row each: what their files call them and which blocks they are made
 * of. Sources: the model classes of Hugging Face transformers 5.18, the architectures of llama.cpp.
 */
@SuppressWarnings("ImmutableEnumChecker") // the lists are those of List.of
public enum Family {
  LLAMA(names("llama"), "llama", Pairs.HALVES, Pairs.NEIGHBOURS, Biases.STATED, Norms.NONE),
  MISTRAL(names("mistral"), "llama", Pairs.HALVES, Pairs.NEIGHBOURS, Biases.NEVER, Norms.NONE),
  QWEN2(names("qwen2"), "qwen2", Pairs.HALVES, Pairs.HALVES, Biases.ALWAYS, Norms.NONE),
  QWEN3(names("qwen3"), "qwen3", Pairs.HALVES, Pairs.HALVES, Biases.STATED, Norms.HEADS),
  QWEN3_MOE(names("qwen3_moe"), "qwen3moe", Pairs.HALVES, Pairs.HALVES, Biases.STATED, Norms.HEADS),
  DEEPSEEK_V2(
      names("deepseek_v2"),
      "deepseek2",
      Pairs.NEIGHBOURS,
      Pairs.NEIGHBOURS,
      Biases.NEVER,
      Norms.NONE),
  /** DeepSeek V3 and R1, and Kimi K2, which has the same architecture. */
  DEEPSEEK_V3(
      names("deepseek_v3", "kimi_k2"),
      "deepseek2",
      Pairs.NEIGHBOURS,
      Pairs.NEIGHBOURS,
      Biases.NEVER,
      Norms.NONE),
  GLM4(names("glm4"), "glm4", Pairs.NEIGHBOURS, Pairs.NEIGHBOURS, Biases.STATED, Norms.SANDWICH),
  GLM4_MOE(
      names("glm4_moe"), "glm4moe", Pairs.HALVES, Pairs.HALVES, Biases.STATED, Norms.HEADS_STATED);

  /** Which elements of a head the rotary embedding turns against each other, in a file's rows. */
  enum Pairs {
    /** Element i and element i + d/2. */
    HALVES,
    /** Elements 2i and 2i + 1. */
    NEIGHBOURS
  }

  /** Whether query, key and value have biases. */
  enum Biases {
    NEVER,
    ALWAYS,
    /** Where {@code attention_bias} says so. */
    STATED
  }

  /** Norms beside those before attention and feed-forward. */
  enum Norms {
    NONE,
    /** Of each head's query and key. */
    HEADS,
    /** The same where {@code use_qk_norm} says so. */
    HEADS_STATED,
    /** Behind attention and feed-forward. */
    SANDWICH
  }

  private final List<String> huggingFace;
  private final String gguf;
  private final Pairs huggingFacePairs;
  private final Pairs ggufPairs;
  private final Biases biases;
  private final Norms norms;

  Family(
      List<String> huggingFace,
      String gguf,
      Pairs huggingFacePairs,
      Pairs ggufPairs,
      Biases biases,
      Norms norms) {
    this.huggingFace = huggingFace;
    this.gguf = gguf;
    this.huggingFacePairs = huggingFacePairs;
    this.ggufPairs = ggufPairs;
    this.biases = biases;
    this.norms = norms;
  }

  private static List<String> names(String... names) {
    return List.of(names);
  }

  /** The name of the architecture in GGUF metadata. */
  public String ggufName() {
    return gguf;
  }

  Pairs huggingFacePairs() {
    return huggingFacePairs;
  }

  Pairs ggufPairs() {
    return ggufPairs;
  }

  Biases biases() {
    return biases;
  }

  Norms norms() {
    return norms;
  }

  /**
   * The family that a {@code config.json} calls this.
   *
   * @param file what messages call the file
   */
  static Family ofHuggingFace(String modelType, Object file) {
    return Arrays.stream(values())
        .filter(family -> family.huggingFace.contains(modelType))
        .findFirst()
        .orElseThrow(() ->
            unknown(
                file,
                "model_type",
                modelType,
                Arrays.stream(values()).flatMap(family -> family.huggingFace.stream()).toList()));
  }

  /**
   * The families that a GGUF file calls this; they differ in what the metadata says besides.
   *
   * @param file what messages call the file
   */
  static List<Family> ofGguf(String architecture, Object file) {
    List<Family> families =
        Arrays.stream(values()).filter(family -> family.gguf.equals(architecture)).toList();
    if (families.isEmpty()) {
      throw unknown(
          file,
          "general.architecture",
          architecture,
          Arrays.stream(values()).map(Family::ggufName).distinct().toList());
    }
    return families;
  }

  private static FormatException unknown(
      Object file, String place, String name, List<String> known) {
    return new FormatException(
        file,
        place,
        "an architecture that Bascule knows: "
            + known.stream().sorted().collect(Collectors.joining(", ")),
        FormatException.quote(name),
        "convert to one of these, or ask for this family");
  }
}
