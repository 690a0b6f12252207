package dev.bascule.certify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** A certificate as JSON. The format is described in {@code docs/certificates.md}. */
final class CertificateJson {
  static final String FORMAT = "bascule-certificate";
  static final long VERSION = 1;

  private CertificateJson() {}

  /** All of it but the digest. */
  static Map<String, Object> of(Certificate certificate) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("formatVersion", VERSION);
    json.put("bascule", certificate.bascule());
    json.put("created", certificate.created());
    json.put("request", certificate.request());
    json.put("inputSha256", certificate.inputHash());
    json.put("models", certificate.models());
    json.put("devices", certificate.devices().stream().map(CertificateJson::platform).toList());
    json.put("limits", limits(certificate.limits()));
    json.put("passed", certificate.isPassed());
    json.put("broken", certificate.broken());
    json.put("equal", certificate.isEqual());
    json.put("outputs", certificate.outputs().stream().map(CertificateJson::output).toList());
    certificate.language().ifPresent(figures -> json.put("language", language(figures)));
    certificate
        .histogram()
        .ifPresent(histogram ->
            json.put(
                "histogram",
                new TreeMap<>(
                    Map.of("largest", histogram.largest(), "counts", histogram.counts()))));
    origin("firstDifference", certificate.firstDifference(), json);
    origin("firstAboveRounding", certificate.firstAboveRounding(), json);
    json.put("ops", certificate.ops().stream().map(CertificateJson::op).toList());
    json.put("repetitions", certificate.repetitions().stream().map(r -> repetition(r)).toList());
    return json;
  }

  private static Map<String, Object> platform(Certificate.Platform platform) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", platform.name());
    json.put("description", platform.description());
    json.put("numerics", platform.numerics());
    json.put("kernels", platform.kernels());
    return json;
  }

  private static Map<String, Object> limits(Limits limits) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("zeroBits", limits.zeroBits());
    put("maxKl", limits.klMax(), json);
    put("minTop1", limits.top1Min(), json);
    put("maxError", limits.errorMax(), json);
    return json;
  }

  private static Map<String, Object> difference(Difference difference) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("elements", difference.elements());
    json.put("differing", difference.differing());
    json.put("largest", difference.largest());
    json.put("mean", difference.mean());
    json.put("relative", difference.relative());
    json.put("largestNumber", difference.largestFirst());
    return json;
  }

  private static Map<String, Object> output(OutputFigures output) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", output.name());
    json.put("between", difference(output.between()));
    output.firstError().ifPresent(error -> json.put("firstFromF64", difference(error)));
    output.secondError().ifPresent(error -> json.put("secondFromF64", difference(error)));
    return json;
  }

  private static Map<String, Object> language(LanguageFigures figures) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tokens", figures.tokens());
    json.put("meanKl", figures.meanKl());
    json.put("maxKl", figures.maxKl());
    json.put("top1", figures.top1());
    json.put("firstPerplexity", figures.firstPerplexity());
    json.put("secondPerplexity", figures.secondPerplexity());
    return json;
  }

  private static void origin(String name, Optional<OpFigures> op, Map<String, Object> json) {
    op.ifPresent(figures -> {
      Map<String, Object> origin = new LinkedHashMap<>();
      figures.layer().ifPresent(layer -> origin.put("layer", layer));
      origin.put("label", figures.label());
      origin.put("op", figures.op());
      json.put(name, origin);
    });
  }

  private static Map<String, Object> op(OpFigures figures) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("label", figures.label());
    json.put("op", figures.op());
    json.put("differing", figures.between().differing());
    json.put("elements", figures.between().elements());
    json.put("largest", figures.between().largest());
    json.put("relative", figures.between().relative());
    put("firstFromF64", figures.firstError(), json);
    put("secondFromF64", figures.secondError(), json);
    return json;
  }

  private static Map<String, Object> repetition(Repetition repetition) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("side", (long) repetition.side());
    json.put("way", repetition.way());
    json.put("elements", repetition.elements());
    json.put("differing", repetition.differing());
    return json;
  }

  private static void put(String name, OptionalDouble value, Map<String, Object> json) {
    if (value.isPresent()) {
      json.put(name, value.getAsDouble());
    }
  }

  /** Where two trees differ, as paths with both values; nothing where they are the same. */
  static List<String> differences(Object expected, Object actual) {
    List<String> found = new ArrayList<>();
    compare("", expected, actual, found);
    return found;
  }

  private static void compare(String path, Object expected, Object actual, List<String> found) {
    if (expected instanceof Map<?, ?> ours && actual instanceof Map<?, ?> theirs) {
      ours.forEach((name, value) -> {
        String inner = path.isEmpty() ? String.valueOf(name) : path + "." + name;
        Object other = theirs.get(name);
        if (other == null) {
          found.add(inner + ": " + shown(value) + " and nothing");
        } else {
          compare(inner, value, other, found);
        }
      });
      theirs.forEach((name, value) -> {
        if (!ours.containsKey(name)) {
          found.add((path.isEmpty() ? "" : path + ".") + name + ": nothing and " + shown(value));
        }
      });
    } else if (expected instanceof List<?> ours
        && actual instanceof List<?> theirs
        && !labels(ours).equals(labels(theirs))) {
      found.add(path + ": " + others(ours, theirs) + " and " + others(theirs, ours));
    } else if (expected instanceof List<?> ours
        && actual instanceof List<?> theirs
        && ours.size() == theirs.size()) {
      for (int i = 0; i < ours.size(); i++) {
        compare(path + "[" + i + "]", ours.get(i), theirs.get(i), found);
      }
    } else if (!CanonicalJson.of(expected).equals(CanonicalJson.of(actual))) {
      found.add(path + ": " + shown(expected) + " and " + shown(actual));
    }
  }

  /** The labels of what has them, in order. */
  private static List<String> labels(List<?> members) {
    List<String> labels = new ArrayList<>();
    for (Object member : members) {
      if (member instanceof Map<?, ?> map && map.get("label") instanceof String label) {
        labels.add(label);
      }
    }
    return labels;
  }

  /** The labels that {@code members} alone have: another version may make another graph. */
  private static String others(List<?> members, List<?> without) {
    List<String> own = labels(members);
    own.removeAll(labels(without));
    return own.isEmpty() ? "the same labels in another order or number" : shown(own);
  }

  private static String shown(Object value) {
    String text = CanonicalJson.of(value);
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }
}
