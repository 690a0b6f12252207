package dev.bascule.cli;

import dev.bascule.certify.Limits;
import dev.bascule.core.graph.Linear;
import dev.bascule.formats.json.Json;
import dev.bascule.models.CacheType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What {@code bascule certify} is asked: what is on the command line, or in a certificate that is
 * replayed.
 *
 * @param model as the user wrote it
 * @param against the model that takes the second device instead
 * @param on the names of the first device and the second
 * @param settings of devices, {@code --set}
 */
record CertifyRequest(
    String model,
    Optional<String> against,
    List<String> on,
    Inputs inputs,
    Numbers numbers,
    Limits limits,
    int threads,
    Map<String, String> settings) {

  /** What both sides read. */
  sealed interface Inputs {
    /**
     * Tokens.
     *
     * @param source where they are from, for people
     */
    record Ids(String source, int[] ids) implements Inputs {}

    /** An ONNX data set's folder. */
    record Data(String folder) implements Inputs {}

    /** Random inputs of an ONNX model. */
    record Drawn(long seed, Map<String, Long> dims) implements Inputs {}
  }

  /**
   * How numbers are computed.
   *
   * @param caches of the first side and of the second
   * @param sample tokens of the comparison with f64
   * @param truth whether there is one
   */
  record Numbers(
      List<CacheType> caches, Linear.Activations activations, int sample, boolean truth) {
    Numbers {
      caches = List.copyOf(caches);
    }

    boolean isOneCache() {
      return caches.get(0) == caches.get(1);
    }
  }

  CertifyRequest {
    on = List.copyOf(on);
    settings = Map.copyOf(settings);
  }

  CertifyRequest withModels(String other, Optional<String> otherAgainst) {
    return new CertifyRequest(other, otherAgainst, on, inputs, numbers, limits, threads, settings);
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model);
    against.ifPresent(other -> json.put("against", other));
    json.put("on", on);
    json.put("inputs", inputsJson());
    json.put("cache", cacheText());
    json.put("activations", numbers.activations.toString());
    json.put("sample", (long) numbers.sample);
    json.put("truth", numbers.truth);
    json.put("zeroBits", limits.zeroBits());
    limits.klMax().ifPresent(value -> json.put("maxKl", value));
    limits.top1Min().ifPresent(value -> json.put("minTop1", value));
    limits.errorMax().ifPresent(value -> json.put("maxError", value));
    json.put("threads", (long) threads);
    json.put("set", settings);
    return json;
  }

  private String cacheText() {
    String first = numbers.caches.get(0).toString();
    return numbers.isOneCache() ? first : first + "," + numbers.caches.get(1);
  }

  /** In an order that is the same in every run of the program. */
  private Map<String, Object> inputsJson() {
    return new TreeMap<>(
        switch (inputs) {
          case Inputs.Ids ids ->
              Map.of(
                  "source",
                  ids.source,
                  "ids",
                  Arrays.stream(ids.ids).mapToObj(id -> (Object) (long) id).toList());
          case Inputs.Data data -> Map.of("data", data.folder);
          case Inputs.Drawn drawn -> Map.of("seed", drawn.seed, "dims", drawn.dims);
        });
  }

  static CertifyRequest of(Json json) {
    Map<String, String> settings = new LinkedHashMap<>();
    json.get("set").members().forEach((key, value) -> settings.put(key, value.text()));
    return new CertifyRequest(
        json.get("model").text(),
        json.get("against").optional().map(Json::text),
        json.get("on").elements().stream().map(Json::text).toList(),
        inputs(json.get("inputs")),
        new Numbers(
            caches(List.of(json.get("cache").text().split(","))),
            activations(json.get("activations").text()),
            json.get("sample").integer(1, 1 << 20),
            json.get("truth").truth()),
        new Limits(
            json.get("zeroBits").truth(),
            real(json.get("maxKl")),
            real(json.get("minTop1")),
            real(json.get("maxError"))),
        json.get("threads").integer(0, 1 << 16),
        settings);
  }

  private static Inputs inputs(Json json) {
    if (!json.get("ids").isNull()) {
      int[] ids =
          json.get("ids").elements().stream()
              .mapToInt(id -> id.integer(0, Integer.MAX_VALUE))
              .toArray();
      return new Inputs.Ids(json.get("source").textOr(""), ids);
    }
    if (!json.get("data").isNull()) {
      return new Inputs.Data(json.get("data").text());
    }
    Map<String, Long> dims = new LinkedHashMap<>();
    json.get("dims")
        .members()
        .forEach((name, extent) -> dims.put(name, extent.integer(0L, 1L << 40)));
    return new Inputs.Drawn(json.get("seed").integer(Long.MIN_VALUE, Long.MAX_VALUE), dims);
  }

  private static OptionalDouble real(Json json) {
    return json.isNull() ? OptionalDouble.empty() : OptionalDouble.of(json.real());
  }

  /** The types of both sides' caches, of which one stands for both and f16 for none. */
  static List<CacheType> caches(List<String> texts) {
    if (texts.size() > 2) {
      throw new RequestException(
          "certify: --cache takes one type, or one for each side, such as f16,q8_0; got " + texts);
    }
    CacheType first = texts.isEmpty() ? CacheType.F16 : ModelOptions.cacheType(texts.getFirst());
    return List.of(first, texts.size() == 2 ? ModelOptions.cacheType(texts.get(1)) : first);
  }

  static Linear.Activations activations(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "int8" -> Linear.Activations.INT8;
      case "f32" -> Linear.Activations.F32;
      default ->
          throw new RequestException("--activations is int8 or f32, not " + Text.quote(text));
    };
  }
}
