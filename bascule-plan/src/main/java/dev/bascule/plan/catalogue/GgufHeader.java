package dev.bascule.plan.catalogue;

import dev.bascule.plan.PlanException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The metadata at the head of a GGUF file (ggml's docs/gguf.md, versions 2 and 3), as far as a
 * shape needs it. Tensors are not read.
 */
final class GgufHeader {
  private static final int MAGIC = 0x46554747;
  private static final long STRING_BYTES_MAX = 1 << 24;
  private static final long ENTRIES_MAX = 1 << 16;

  /** Sizes of the fixed types by their number in the file; 0 for strings (8) and arrays (9). */
  private static final int[] TYPE_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private final Path file;
  private final InputStream in;
  private final Map<String, Object> values = new HashMap<>();
  private final Map<String, Long> arrayLengths = new HashMap<>();

  private GgufHeader(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  static ModelShape read(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      GgufHeader header = new GgufHeader(file, in);
      header.metadata();
      return header.shape();
    } catch (EOFException e) {
      throw new PlanException(
          file + ": expected GGUF metadata, got the end of the file; download it again", e);
    } catch (IOException e) {
      throw new PlanException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private PlanException wrong(String expected, Object got) {
    return new PlanException(
        file + ": expected " + expected + ", got " + got + "; check that it is a GGUF model");
  }

  private long integer(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException();
      }
      value |= (long) next << (8 * i);
    }
    return value;
  }

  private String string() throws IOException {
    long length = integer(8);
    if (length < 0 || length > STRING_BYTES_MAX) {
      throw wrong("a text of at most " + STRING_BYTES_MAX + " bytes", length);
    }
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void metadata() throws IOException {
    long magic = integer(4);
    if (magic != MAGIC) {
      throw wrong("the letters GGUF", "0x" + Long.toHexString(magic));
    }
    long version = integer(4);
    if (version < 2 || version > 3) {
      throw wrong("version 2 or 3", version);
    }
    integer(8); // tensors
    long entries = integer(8);
    if (entries < 0 || entries > ENTRIES_MAX) {
      throw wrong("at most " + ENTRIES_MAX + " entries", entries);
    }
    for (long i = 0; i < entries; i++) {
      String key = string();
      Object value = value(key, (int) integer(4));
      if (value != null) {
        values.put(key, value);
      }
    }
  }

  private @Nullable Object value(String key, int type) throws IOException {
    if (type == 8) {
      return string();
    }
    if (type == 9) {
      int element = (int) integer(4);
      long length = integer(8);
      arrayLengths.put(key, length);
      skip(element, length);
      return null;
    }
    if (type < 0 || type >= TYPE_BYTES.length) {
      throw wrong("a type from 0 to 12 for " + PlanException.quote(key), type);
    }
    return integer(TYPE_BYTES[type]);
  }

  private void skip(int type, long count) throws IOException {
    if (type < 0 || type >= TYPE_BYTES.length || type == 9 || count < 0) {
      throw wrong("an array of plain values", "type " + type + " x " + count);
    }
    if (type == 8) {
      for (long i = 0; i < count; i++) {
        string();
      }
    } else {
      in.skipNBytes(Math.multiplyExact(count, (long) TYPE_BYTES[type]));
    }
  }

  private Optional<Integer> count(String key) {
    return Optional.ofNullable(values.get(key))
        .filter(Long.class::isInstance)
        .map(value -> Math.toIntExact((Long) value));
  }

  private int need(String key) {
    return count(key).filter(n -> n > 0).orElseThrow(() -> wrong("the entry " + key, "none"));
  }

  private ModelShape shape() {
    if (!(values.get("general.architecture") instanceof String architecture)) {
      throw wrong("the entry general.architecture", "none");
    }
    String a = architecture + ".";
    int hidden = need(a + "embedding_length");
    int heads = need(a + "attention.head_count");
    int headDim = count(a + "attention.key_length").orElse(hidden / heads);
    int routed = count(a + "expert_count").orElse(0);
    int feedForward =
        count(a + "feed_forward_length").orElseGet(() -> need(a + "expert_feed_forward_length"));
    int vocabulary =
        count(a + "vocab_size")
            .orElseGet(
                () -> Math.toIntExact(arrayLengths.getOrDefault("tokenizer.ggml.tokens", 0L)));
    Optional<ModelShape.Experts> experts =
        routed == 0
            ? Optional.empty()
            : Optional.of(
                new ModelShape.Experts(
                    routed,
                    need(a + "expert_used_count"),
                    count(a + "expert_shared_count").orElse(0),
                    count(a + "expert_feed_forward_length").orElse(feedForward),
                    count(a + "leading_dense_block_count").orElse(0),
                    count(a + "expert_group_used_count").orElse(0)));
    String name =
        values.get("general.name") instanceof String given ? given : file.getFileName().toString();
    return new ModelShape(
        name,
        List.of(),
        need(a + "block_count"),
        hidden,
        heads,
        count(a + "attention.head_count_kv").orElse(heads),
        headDim,
        latent(a, headDim),
        feedForward,
        experts,
        vocabulary,
        false,
        architecture.equals("qwen2"),
        architecture.startsWith("qwen3"),
        count(a + "context_length").orElse(4096),
        Optional.empty(),
        "",
        new Origin(file.toString(), 0, "the file itself", "", "A"));
  }

  private Optional<ModelShape.LatentAttention> latent(String prefix, int headDim) {
    return count(prefix + "attention.kv_lora_rank")
        .map(rank -> {
          int rotary = need(prefix + "rope.dimension_count");
          int key = count(prefix + "attention.key_length_mla").orElse(headDim);
          int value =
              count(prefix + "attention.value_length_mla")
                  .orElseGet(() -> need(prefix + "attention.value_length"));
          int queryRank = count(prefix + "attention.q_lora_rank").orElse(0);
          return new ModelShape.LatentAttention(queryRank, rank, key - rotary, rotary, value);
        });
  }
}
