package dev.bascule.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.HostileJson;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufType;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import dev.bascule.formats.safetensors.SafetensorsFile;
import dev.bascule.formats.safetensors.SafetensorsWriter;
import dev.bascule.models.DecoderModel;
import dev.bascule.models.GgufExport;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Models of all families that somebody has tampered with: folders and GGUF files. */
final class HostileModels {
  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int SHARD_BYTES = 40_000;

  /** What configurations may say and the small ones here do not. */
  private static final List<String> CONFIG_KEYS =
      List.of(
          "attention_bias",
          "decoder_sparse_step",
          "dtype",
          "eos_token_id",
          "first_k_dense_replace",
          "head_dim",
          "hidden_act",
          "kv_lora_rank",
          "mlp_bias",
          "mlp_only_layers",
          "n_group",
          "n_routed_experts",
          "n_shared_experts",
          "num_experts",
          "num_experts_per_tok",
          "num_key_value_heads",
          "partial_rotary_factor",
          "q_lora_rank",
          "qk_nope_head_dim",
          "quantization_config",
          "rms_norm_eps",
          "rope_parameters",
          "rope_scaling",
          "rope_theta",
          "routed_scaling_factor",
          "sliding_window",
          "tie_word_embeddings",
          "topk_group",
          "topk_method",
          "torch_dtype",
          "use_qk_norm",
          "use_sliding_window",
          "v_head_dim");

  private static final List<String> INDEX_TARGETS =
      List.of(
          "../model.safetensors",
          "/etc/passwd",
          "/dev/zero",
          "model.safetensors.index.json",
          "config.json",
          "",
          ".",
          "..",
          "nothing.safetensors",
          "loop.safetensors",
          "folder.safetensors",
          "zero.safetensors",
          "\u0000.safetensors",
          "a/b.safetensors");

  private static final String TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [
        {"id": 8, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true},
        {"id": 9, "content": "</s>", "special": true}],
       "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\\\\p{L}+| +|\\\\d"}, "behavior": "Isolated",
         "invert": false},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
       "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [8], "tokens": ["<s>"]}}},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false,
        "byte_fallback": false, "ignore_merges": false,
        "vocab": {"a": 0, "b": 1, "\\u0120": 2, "ab": 3, "\\u0120a": 4, "c": 5, "abc": 6, "\\u010a": 7},
        "merges": ["a b", ["\\u0120", "a"], "ab c"]}}
      """;

  private static final String TOKENIZER_CONFIG =
      """
      {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "unk_token": null,
       "add_bos_token": true, "tokenizer_class": "LlamaTokenizerFast",
       "chat_template": "{% for m in messages %}{{ bos_token }}{{ m['role'] }}: {{ m.content | trim }}\\n{% endfor %}{% if add_generation_prompt %}a: {% endif %}"}
      """;

  /** Wrong for each of these models, and not always where one thinks. */
  private static final List<String> QUANTISED =
      List.of(
          "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}",
          "{\"quant_method\": \"fp8\", \"weight_block_size\": [0, 1e9]}",
          "{\"quant_method\": \"fp8\"}",
          "{\"quant_method\": \"gptq\", \"bits\": 4}",
          "{\"load_in_4bit\": true}",
          "[]");

  private static final String GENERATION_CONFIG =
      "{\"bos_token_id\": 1, \"eos_token_id\": [2, 3], \"temperature\": 0.6}";

  private final List<Path> folders;
  private final List<Path> files;

  /**
   * Models to tamper with.
   *
   * @param scratch where GGUF files are written for it
   */
  HostileModels(Path scratch) throws IOException {
    this.folders = folders();
    this.files = new ArrayList<>();
    for (Path folder : folders) {
      for (WeightType type :
          List.of(new WeightType.Floats(DType.F32), new WeightType.Blocks(QuantType.Q8_0))) {
        Path file = scratch.resolve(folder.getFileName() + "-" + files.size() + ".gguf");
        try (DecoderModel model = DecoderModel.open(folder)) {
          GgufExport.write(model.config(), model.weights(), type, vocabulary(), file);
        }
        files.add(file);
      }
    }
  }

  /** The small models of the module of families; tests start in the folder of their module. */
  private static List<Path> folders() throws IOException {
    try (Stream<Path> paths = Files.list(Path.of("../bascule-models/src/test/resources/llm"))) {
      return paths.filter(path -> Files.exists(path.resolve(WEIGHTS))).sorted().toList();
    }
  }

  private static GgufMetadata vocabulary() {
    int[] types = {2, 3, 3, 1, 1, 1, 1, 6};
    return GgufMetadata.empty()
        .with("tokenizer.ggml.model", GgufValue.of("llama"))
        .with(
            "tokenizer.ggml.tokens",
            GgufValue.ofTexts(List.of("<unk>", "<s>", "</s>", "a", "b", "\u2581", "ab", "<0x0A>")))
        .with("tokenizer.ggml.scores", GgufValue.ofReals(new float[] {0, 0, 0, -1, -2, -3, -4, 0}))
        .with("tokenizer.ggml.token_type", GgufValue.ofIntegers(types))
        .with("tokenizer.chat_template", GgufValue.of("{{ messages[0].content }}"));
  }

  /** Writes one of them to {@code path}. */
  void build(Path path, RandomGenerator random) throws IOException {
    if (random.nextInt(3) == 0) {
      file(path, random);
    } else {
      folder(path, random);
    }
  }

  private static <T> T any(List<T> choices, RandomGenerator random) {
    return choices.get(random.nextInt(choices.size()));
  }

  private void folder(Path path, RandomGenerator random) throws IOException {
    Path original = any(folders, random);
    Files.createDirectory(path);
    Files.write(path.resolve("config.json"), Files.readAllBytes(original.resolve("config.json")));
    Files.writeString(path.resolve("generation_config.json"), GENERATION_CONFIG);
    Files.writeString(path.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(path.resolve("tokenizer_config.json"), TOKENIZER_CONFIG);
    if (random.nextInt(10) == 0) {
      quantise(path.resolve("config.json"), random);
    }
    int target = random.nextInt(12);
    if (target < 9) {
      Files.copy(original.resolve(WEIGHTS), path.resolve(WEIGHTS));
    }
    switch (target) {
      case 0, 1, 2, 3 -> tamper(path.resolve("config.json"), CONFIG_KEYS, random);
      case 4 -> respell(path.resolve("config.json"), random);
      case 5 -> tamper(path.resolve("generation_config.json"), List.of("bos_token_id"), random);
      case 6 -> tamper(path.resolve("tokenizer.json"), List.of("model"), random);
      case 7 -> tamper(path.resolve("tokenizer_config.json"), List.of("pad_token"), random);
      case 8 ->
          Files.write(
              path.resolve(WEIGHTS),
              Fuzz.mutate(Files.readAllBytes(path.resolve(WEIGHTS)), random));
      case 9 ->
          SafetensorsWriter.write(path.resolve(WEIGHTS), Map.of(), tampered(original, random));
      default -> shards(path, original, random);
    }
  }

  private static void tamper(Path file, List<String> keys, RandomGenerator random)
      throws IOException {
    Files.write(file, HostileJson.mutate(Files.readAllBytes(file), keys, random));
  }

  private static void quantise(Path file, RandomGenerator random) throws IOException {
    String stated = "{\"quantization_config\": " + any(QUANTISED, random) + ",";
    Files.writeString(file, Files.readString(file).replaceFirst("\\{", stated));
  }

  /** In the spelling of older versions, and then tampered with. */
  private static void respell(Path file, RandomGenerator random) throws IOException {
    String older =
        Files.readString(file)
            .replace("\"dtype\"", "\"torch_dtype\"")
            .replace("\"rope_parameters\"", "\"rope_scaling\"");
    Files.write(file, HostileJson.mutate(older.getBytes(UTF_8), CONFIG_KEYS, random));
  }

  private void shards(Path path, Path original, RandomGenerator random) throws IOException {
    try (SafetensorsFile whole = SafetensorsFile.open(original.resolve(WEIGHTS))) {
      List<OutgoingTensor> tensors =
          whole.tensors().values().stream().map(StoredTensor::outgoing).toList();
      SafetensorsWriter.writeFolder(path, Map.of(), tensors, SHARD_BYTES);
    }
    Path index = path.resolve(INDEX);
    switch (random.nextInt(4)) {
      case 0 -> tamper(index, List.of("weight_map"), random);
      case 1 -> {
        Path shard = path.resolve("model-00002-of-00003.safetensors");
        if (Files.exists(shard)) {
          Files.write(shard, Fuzz.mutate(Files.readAllBytes(shard), random));
        }
      }
      default -> {
        Files.createSymbolicLink(path.resolve("loop.safetensors"), Path.of("loop.safetensors"));
        Files.createSymbolicLink(path.resolve("zero.safetensors"), Path.of("/dev/zero"));
        Files.createDirectory(path.resolve("folder.safetensors"));
        String target = "model-0000" + (1 + random.nextInt(3)) + "-of-0000\\d.safetensors";
        String other = dev.bascule.formats.json.Json.quote(any(INDEX_TARGETS, random));
        Files.writeString(
            index,
            Files.readString(index)
                .replaceAll("\"" + target + "\"", java.util.regex.Matcher.quoteReplacement(other)));
      }
    }
  }

  /** The tensors of a model, some of them missing, of another shape, type or name. */
  private static List<OutgoingTensor> tampered(Path original, RandomGenerator random)
      throws IOException {
    try (SafetensorsFile whole = SafetensorsFile.open(original.resolve(WEIGHTS))) {
      return tampered(whole.tensors().values(), random);
    }
  }

  private static List<OutgoingTensor> tampered(
      Iterable<StoredTensor> originals, RandomGenerator random) {
    List<OutgoingTensor> tensors = new ArrayList<>();
    for (StoredTensor tensor : originals) {
      byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
      tensor.copyTo(MemorySegment.ofArray(bytes));
      tensors.add(outgoing(tensor.name(), tensor.type(), tensor.dims(), bytes));
    }
    int changes = 1 + random.nextInt(2);
    for (int i = 0; i < changes && !tensors.isEmpty(); i++) {
      int at = random.nextInt(tensors.size());
      OutgoingTensor tensor = tensors.get(at);
      switch (random.nextInt(4)) {
        case 0 -> tensors.remove(at);
        case 1 -> tensors.set(at, zeros(tensor.name() + "." + random.nextLong(), tensor.dims()));
        default -> {
          List<Long> dims = otherDims(tensor.dims(), random);
          boolean isSmall =
              dims.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b) < 1e6;
          tensors.set(at, zeros(tensor.name(), isSmall ? dims : tensor.dims()));
        }
      }
    }
    Collections.shuffle(tensors, random);
    return tensors;
  }

  private static List<Long> otherDims(List<Long> dims, RandomGenerator random) {
    List<Long> other = new ArrayList<>(dims);
    if (other.isEmpty()) {
      return other;
    }
    switch (random.nextInt(7)) {
      case 0 -> Collections.reverse(other);
      case 1 -> other.set(0, other.getFirst() + 1);
      case 2 -> other.set(other.size() - 1, 0L);
      case 3 -> other.addFirst(1L);
      case 4 -> other.clear();
      case 5 -> {
        other.set(0, 0L);
        other.add(1L << 40);
      }
      default -> {} // another type alone
    }
    return other;
  }

  private static OutgoingTensor zeros(String name, List<Long> dims) {
    List<DType> types = List.of(DType.F8E4M3, DType.F16, DType.F32, DType.I64);
    StoredType type = StoredType.of(types.get(Math.floorMod(name.hashCode() + dims.hashCode(), 4)));
    long elements = dims.stream().reduce(1L, Math::multiplyExact);
    return outgoing(name, type, dims, new byte[Math.toIntExact(type.bytes(elements))]);
  }

  private static OutgoingTensor outgoing(
      String name, StoredType type, List<Long> dims, byte[] bytes) {
    return OutgoingTensor.of(name, type, dims, MemorySegment.ofArray(bytes));
  }

  private void file(Path path, RandomGenerator random) throws IOException {
    Path original = any(files, random);
    if (random.nextInt(6) == 0) {
      Files.write(path, Fuzz.mutate(Files.readAllBytes(original), random));
      return;
    }
    try (GgufFile file = GgufFile.open(original)) {
      boolean isMetadata = random.nextInt(4) > 0;
      GgufMetadata metadata = isMetadata ? tampered(file.metadata(), random) : file.metadata();
      List<OutgoingTensor> tensors =
          isMetadata
              ? file.tensors().values().stream().map(StoredTensor::outgoing).toList()
              : tampered(file.tensors().values(), random);
      GgufWriter.write(path, metadata, tensors);
    } catch (dev.bascule.formats.FormatException e) {
      Files.write(path, new byte[0]); // two of one name: nobody can write that
    }
  }

  private static GgufMetadata tampered(GgufMetadata metadata, RandomGenerator random) {
    GgufMetadata changed = metadata;
    List<String> keys = new ArrayList<>(metadata.values().keySet());
    String architecture = metadata.get("general.architecture").text();
    for (String key :
        List.of(
            "rope.scaling.type",
            "rope.scaling.factor",
            "rope.scaling.original_context_length",
            "attention.sliding_window",
            "nextn_predict_layers",
            "attention.kv_lora_rank",
            "expert_count",
            "expert_used_count",
            "expert_shared_count",
            "expert_group_count",
            "expert_feed_forward_length",
            "attention.key_length_mla",
            "rope.dimension_count")) {
      keys.add(architecture + "." + key);
    }
    keys.remove("general.alignment");
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      String key = any(keys, random);
      changed =
          random.nextInt(6) == 0
              ? changed.without(List.of(key))
              : changed.with(key, hostile(changed.values().get(key), random));
    }
    return changed;
  }

  private static GgufValue hostile(
      @org.jspecify.annotations.Nullable GgufValue value, RandomGenerator random) {
    if (value instanceof GgufValue.Scalar(GgufType type, long bits) && random.nextBoolean()) {
      long mask = type == GgufType.BOOL ? 1 : 0xFFFF_FFFFL; // no wider ones are in these files
      long changed =
          switch (random.nextInt(6)) {
            case 0 -> bits + 1;
            case 1 -> bits - 1;
            case 2 -> bits * 2;
            case 3 -> bits / 2;
            case 4 -> 0;
            default -> -1;
          };
      return new GgufValue.Scalar(type, changed & mask);
    }
    return switch (random.nextInt(12)) {
      case 0 -> GgufValue.u32(0xFFFF_FFFFL);
      case 1 -> GgufValue.u32(1 << 24);
      case 2 -> GgufValue.u32(1_000_000_000);
      case 3 -> GgufValue.of(Float.NaN);
      case 4 -> GgufValue.of(Float.POSITIVE_INFINITY);
      case 5 -> GgufValue.of(-0.0f);
      case 6 ->
          GgufValue.of(
              List.of("", "yarn", "linear", "none", "llama", "gpt2").get(random.nextInt(6)));
      case 7 -> GgufValue.ofIntegers(new int[] {1, -1, Integer.MAX_VALUE});
      case 8 -> GgufValue.ofTexts(List.of("a", "", "\u2581"));
      case 9 -> new GgufValue.Scalar(GgufType.U64, Long.MIN_VALUE);
      case 10 -> new GgufValue.Scalar(GgufType.F64, Double.doubleToLongBits(1e308));
      default -> GgufValue.u32(random.nextInt(70));
    };
  }
}
