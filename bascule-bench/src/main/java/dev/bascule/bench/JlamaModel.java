package dev.bascule.bench;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.safetensors.SafetensorsWriter;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.Family;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A GGUF file of a Llama as the Hugging Face folder that Jlama reads, in bf16, from which Jlama
 * makes its own 4-bit blocks. The tokenizer is a list of names: prompts are ids here.
 */
final class JlamaModel {
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("token_embd", "model.embed_tokens"),
          Map.entry("output_norm", "model.norm"),
          Map.entry("output", "lm_head"),
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private JlamaModel() {}

  /** Writes the folder, unless there is one from an earlier run. */
  static Path write(Path gguf, Path folder) throws IOException {
    if (Files.exists(folder.resolve("model.safetensors"))) {
      return folder;
    }
    Files.createDirectories(folder);
    try (GgufFile file = GgufFile.open(gguf)) {
      DecoderConfig config = DecoderConfig.of(file);
      if (config.family() != Family.LLAMA) {
        throw new IllegalArgumentException(
            "--jlama: expected a Llama, got "
                + config.family()
                + "; Jlama has no such family, or"
                + " its weights are not written here");
      }
      Files.writeString(folder.resolve("config.json"), config(config));
      Files.writeString(folder.resolve("tokenizer.json"), tokenizer(config.vocabulary()));
      Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
      Files.writeString(folder.resolve("README.md"), "---\n---\n"); // Jlama copies it
      List<OutgoingTensor> tensors = new ArrayList<>();
      for (StoredTensor tensor : file.tensors().values()) {
        if (!tensor.name().startsWith("rope_freqs")) {
          tensors.add(tensor(tensor, config));
        }
      }
      SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    }
    return folder;
  }

  private static OutgoingTensor tensor(StoredTensor tensor, DecoderConfig config) {
    int heads =
        tensor.name().contains("attn_q.")
            ? config.heads()
            : tensor.name().contains("attn_k.") ? config.kvHeads() : 0;
    return new OutgoingTensor(
        name(tensor.name()),
        StoredType.of(DType.BF16),
        tensor.dims(),
        sink -> write(tensor, heads, sink));
  }

  /** {@code blk.3.attn_q.weight} is {@code model.layers.3.self_attn.q_proj.weight}. */
  private static String name(String gguf) {
    String[] words = gguf.split("\\.", -1);
    String known = words[words.length - 2];
    String other = NAMES.get(known);
    if (other == null) {
      throw new IllegalArgumentException("--jlama: no name for the tensor " + gguf);
    }
    return (words[0].equals("blk") ? "model.layers." + words[1] + "." : "") + other + ".weight";
  }

  /**
   * Rows of queries and keys are neighbours in GGUF where the rotary embedding turns them against
   * each other, and halves of a head apart at Hugging Face.
   */
  private static void write(StoredTensor tensor, int heads, OutgoingTensor.Sink sink)
      throws IOException {
    int columns = Math.toIntExact(tensor.dims().getLast());
    long rows = tensor.elements() / columns;
    float[] values = new float[columns];
    short[] narrow = new short[columns];
    for (long row = 0; row < rows; row++) {
      long from = row;
      if (heads > 0) {
        long size = rows / heads;
        long inHead = row % size;
        from = row - inHead + inHead % (size / 2) * 2 + inHead / (size / 2);
      }
      tensor.readFloats(from * columns, values, 0, columns);
      for (int i = 0; i < columns; i++) {
        narrow[i] = SmallFloats.floatToBf16(values[i]);
      }
      sink.write(MemorySegment.ofArray(narrow));
    }
  }

  private static String config(DecoderConfig config) {
    return String.format(
        Locale.ROOT,
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
        "num_attention_heads": %d, "num_key_value_heads": %d, "vocab_size": %d,
        "max_position_embeddings": %d, "rms_norm_eps": %s, "rope_theta": %s,
        "tie_word_embeddings": %b,
        "bos_token_id": 1, "eos_token_id": 2}
        """,
        config.hidden(),
        config.intermediate(),
        config.layers(),
        config.heads(),
        config.kvHeads(),
        config.vocabulary(),
        Math.min(config.contextMax(), POSITIONS_MAX),
        config.normEpsilon(),
        config.rope().theta(),
        config.features().tiedEmbeddings());
  }

  /** As many as a measurement needs: Jlama makes its table of rotations as long. */
  private static final int POSITIONS_MAX = 8192;

  private static String tokenizer(int vocabulary) {
    return IntStream.range(0, vocabulary)
        .mapToObj(id -> "\"t" + id + "\": " + id)
        .collect(
            Collectors.joining(
                ", ",
                "{\"version\": \"1.0\", \"added_tokens\": [], \"model\": {\"type\": \"BPE\","
                    + " \"fuse_unk\": false, \"byte_fallback\": false, \"vocab\": {",
                "}, \"merges\": []}}"));
  }
}
