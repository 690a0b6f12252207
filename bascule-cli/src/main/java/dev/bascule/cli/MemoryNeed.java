package dev.bascule.cli;

import dev.bascule.core.device.Device;
import dev.bascule.engine.Footprint;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.LanguageModel;
import dev.bascule.models.DecoderModel;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The memory that a decoder takes when it has filled its context: by the plan that would run, and
 * by what this process takes with that plan's code and the model's vocabulary in it.
 *
 * @param device its name
 * @param context tokens that the cache has room for
 * @param program the JVM, its heap, code and the vocabulary; nothing where the system does not say
 */
record MemoryNeed(String device, int context, Footprint planned, OptionalLong program) {

  /** Plans {@code path} for {@code device}, without loading weights. */
  static MemoryNeed of(Path path, Device device, LanguageModel.Settings settings) {
    Optional<Tokenizer> tokenizer = tokenizer(path);
    try {
      MemoryNeed planned = planned(path, device, settings);
      // now that the file is closed: pages of it that are touched here leave when weights are
      // packed
      OptionalLong program = ResidentMemory.afterMoreWork();
      return new MemoryNeed(planned.device, planned.context, planned.planned, program);
    } finally {
      Reference.reachabilityFence(tokenizer);
    }
  }

  private static MemoryNeed planned(Path path, Device device, LanguageModel.Settings settings) {
    try (DecoderModel decoder = DecoderModel.open(path)) {
      int context = settings.context();
      return new MemoryNeed(
          device.info().id(),
          Math.min(context, decoder.config().positionsMax().orElse(context)),
          LanguageModel.footprint(decoder, device, settings),
          OptionalLong.empty());
    }
  }

  private static Optional<Tokenizer> tokenizer(Path path) {
    try {
      return Optional.of(Tokenizer.open(path));
    } catch (FormatException e) {
      return Optional.empty();
    }
  }

  long bytes() {
    return planned.bytes() + program.orElse(0);
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("device", device);
    json.put("context", (long) context);
    json.put("weights", planned.constantBytes());
    json.put("cache", planned.stateBytes());
    json.put("working", planned.arenaBytes());
    program.ifPresent(bytes -> json.put("program", bytes));
    json.put("total", bytes());
    return json;
  }

  /** For people, in lines. */
  Map<String, String> lines() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put(
        "memory",
        Text.megabytes(bytes())
            + " to generate on "
            + device
            + " with a full context of "
            + context);
    lines.put("  weights", Text.megabytes(planned.constantBytes()) + ", as kernels want them");
    lines.put(
        "  cache",
        Text.megabytes(planned.stateBytes()) + ", of keys and values, when the context is full");
    lines.put("  working", Text.megabytes(planned.arenaBytes()) + ", for intermediate values");
    lines.put(
        "  program",
        program.isPresent()
            ? Text.megabytes(program.getAsLong())
                + ", the JVM with its heap, code and the vocabulary"
            : "not known on this system, and not in the sum");
    return lines;
  }
}
