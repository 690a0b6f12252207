package dev.bascule.formats.huggingface;

import dev.bascule.core.DType;
import dev.bascule.formats.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model's {@code config.json}, in the spelling of transformers 4 ({@code torch_dtype}, {@code
 * rope_theta}, {@code rope_scaling}) or of transformers 5 ({@code dtype}, {@code rope_parameters}).
 * A value that is missing or wrong is an error that names file, key and expectation.
 */
public final class HuggingFaceConfig {
  private static final String REMEDY = "download config.json again, or correct it by hand";
  private static final double ROPE_THETA_DEFAULT = 10_000;
  private static final Map<String, DType> DTYPES =
      Map.of(
          "float64", DType.F64,
          "float32", DType.F32,
          "float16", DType.F16,
          "bfloat16", DType.BF16,
          "float8_e4m3fn", DType.F8E4M3,
          "float8_e5m2", DType.F8E5M2);

  private final Json json;

  /** A view over the object of a {@code config.json}. */
  public HuggingFaceConfig(Json json) {
    if (!json.isObject()) {
      throw json.wrong("an object", REMEDY);
    }
    this.json = json;
  }

  public Json json() {
    return json;
  }

  public boolean has(String key) {
    return !json.get(key).isNull();
  }

  /** The family's name, such as {@code qwen3_moe}. */
  public String modelType() {
    return text("model_type");
  }

  /** The model's class, such as {@code Qwen3ForCausalLM}. */
  public Optional<String> architecture() {
    return json.get("architectures")
        .optional()
        .map(Json::elements)
        .filter(names -> !names.isEmpty())
        .map(names -> names.getFirst().text());
  }

  /** The dtype in which the weights were made. */
  public Optional<DType> dtype() {
    Json stated = has("dtype") ? json.get("dtype") : json.get("torch_dtype");
    return stated.optional().map(HuggingFaceConfig::dtype);
  }

  private static DType dtype(Json stated) {
    String text = stated.text();
    DType dtype = DTYPES.get(text.startsWith("torch.") ? text.substring(6) : text);
    if (dtype == null) {
      throw stated.wrong("one of " + DTYPES.keySet().stream().sorted().toList(), REMEDY);
    }
    return dtype;
  }

  /**
   * The rotary embedding's parameters, from either spelling.
   *
   * @throws dev.bascule.formats.FormatException if there is a set of them for each kind of layer
   */
  public RopeParameters rope() {
    Json current = json.get("rope_parameters");
    if (!current.isNull()) {
      if (current.members().values().stream().anyMatch(Json::isObject)) {
        throw current.wrong(
            "one set of parameters for all layers", "use a model whose layers are of one kind");
      }
      double theta = theta(current.get("rope_theta").isNull() ? json : current);
      String type = current.get("rope_type").optional().map(Json::text).orElse("default");
      return new RopeParameters(theta, type, current);
    }
    Json scaling = json.get("rope_scaling");
    if (scaling.isNull()) {
      return new RopeParameters(theta(json), "default", scaling);
    }
    Json type = scaling.get("rope_type");
    return new RopeParameters(
        theta(json), (type.isNull() ? scaling.get("type") : type).text(), scaling);
  }

  private static double theta(Json object) {
    return object.get("rope_theta").optional().map(Json::real).orElse(ROPE_THETA_DEFAULT);
  }

  public int integer(String key, int min, int max) {
    return json.get(key).integer(min, max);
  }

  /** A whole number, or {@code otherwise} where the key is missing or null. */
  public int integer(String key, int min, int max, int otherwise) {
    return json.get(key).optional().map(value -> value.integer(min, max)).orElse(otherwise);
  }

  /** A number from {@code min} to {@code max}, or {@code otherwise} where the key is missing. */
  public double real(String key, double min, double max, double otherwise) {
    return json.get(key).optional().map(value -> value.real(min, max)).orElse(otherwise);
  }

  public boolean truth(String key, boolean otherwise) {
    return json.get(key).optional().map(Json::truth).orElse(otherwise);
  }

  public String text(String key) {
    return json.get(key).text();
  }

  public String text(String key, String otherwise) {
    return json.get(key).optional().map(Json::text).orElse(otherwise);
  }

  /** Whole numbers, given as one or as an array of them; none where the key is missing or null. */
  public List<Integer> integers(String key, int min, int max) {
    return integers(json.get(key), min, max);
  }

  /** Whole numbers at a value, given as one or as an array of them; none where it is null. */
  public static List<Integer> integers(Json value, int min, int max) {
    if (value.isNull()) {
      return List.of();
    }
    List<Json> elements = value.isArray() ? value.elements() : List.of(value);
    return elements.stream().map(element -> element.integer(min, max)).toList();
  }
}
