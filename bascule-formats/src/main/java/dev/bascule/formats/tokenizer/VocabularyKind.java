package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which of GGUF's kinds of vocabularies a tokenizer.json is. */
final class VocabularyKind {
  private static final String MARK = "\u2581";

  private final Json json;
  private Optional<String> note = Optional.empty();

  VocabularyKind(Json json) {
    this.json = json;
  }

  /** What the kind leaves out. */
  Optional<String> note() {
    return note;
  }

  GgufVocabulary.Kind kind(String modelType) {
    Json model = json.get("model");
    if (model.get("merges").isNull()) {
      throw model
          .get("type")
          .wrong("BPE, the kind of tokenizer that is written as GGUF", GgufVocabulary.REMEDY);
    }
    if (has(json.get("decoder"), "ByteLevel")) {
      return new GgufVocabulary.Kind("gpt2", Optional.of(splits(modelType)), Optional.empty());
    }
    if (!model.get("byte_fallback").truthOr(false)) {
      throw json.get("decoder")
          .wrong("byte-level BPE, or BPE that falls back to bytes", GgufVocabulary.REMEDY);
    }
    return new GgufVocabulary.Kind("llama", Optional.empty(), Optional.of(isPrefixed()));
  }

  /** The steps of a sequence, or the one step. */
  private static List<Json> steps(Json step, String parts) {
    if (step.isNull()) {
      return List.of();
    }
    if (!step.get("type").text().equals("Sequence")) {
      return List.of(step);
    }
    List<Json> all = new ArrayList<>();
    step.get(parts).elements().forEach(part -> all.addAll(steps(part, parts)));
    return all;
  }

  private static boolean has(Json decoder, String type) {
    return steps(decoder, "decoders").stream().anyMatch(s -> s.get("type").text().equals(type));
  }

  /** GGUF's name of the way in which texts are split. */
  private String splits(String modelType) {
    List<String> patterns = new ArrayList<>();
    for (Json step : steps(json.get("pre_tokenizer"), "pretokenizers")) {
      patterns.addAll(patterns(step));
    }
    Json normalizer = json.get("normalizer");
    List<Json> forms = steps(normalizer, "normalizers");
    boolean composes = forms.size() == 1 && forms.getFirst().get("type").text().equals("NFC");
    if (!composes && !forms.isEmpty()) {
      throw normalizer.wrong("nothing, or NFC alone", GgufVocabulary.REMEDY);
    }
    boolean whole = json.get("model").get("ignore_merges").truthOr(false);
    List<String> names =
        SplitPatterns.rows().stream()
            .filter(row ->
                row.patterns().equals(patterns)
                    && row.composes() == composes
                    && row.wholePiecesFirst() == whole)
            .map(SplitPatterns.Row::names)
            .findFirst()
            .orElseThrow(() -> unknown(patterns, composes, whole));
    // of names for one way llama.cpp ties some to a family
    String family = modelType.startsWith("glm4") ? "glm4" : names.getFirst();
    return names.contains(family) ? family : names.getFirst();
  }

  private FormatException unknown(List<String> patterns, boolean composes, boolean whole) {
    String names =
        String.join(
            ", ", SplitPatterns.rows().stream().map(row -> row.names().getFirst()).toList());
    return new FormatException(
        json.location(),
        "pre_tokenizer",
        "a way to split texts that GGUF has a name for (" + names + ")",
        (composes ? "composing (NFC), " : "")
            + (whole ? "whole pieces first, " : "")
            + patterns.stream().map(FormatException::quote).toList(),
        GgufVocabulary.REMEDY);
  }

  private static List<String> patterns(Json step) {
    Json type = step.get("type");
    return switch (type.text()) {
      case "ByteLevel" -> {
        if (step.get("add_prefix_space").truthOr(true)) {
          throw step.get("add_prefix_space").wrong("false", GgufVocabulary.REMEDY);
        }
        yield step.get("use_regex").truthOr(true) ? List.of(SplitPatterns.GPT_2) : List.of();
      }
      case "Digits" -> List.of(step.get("individual_digits").truthOr(false) ? "\\p{N}" : "\\p{N}+");
      case "Split" -> {
        boolean inverted = step.get("invert").truthOr(false);
        String behavior = step.get("behavior").text();
        // all but the matches removed: the same, since these patterns leave nothing between
        if (!behavior.equals(inverted ? "Removed" : "Isolated")) {
          throw step.get("behavior").wrong("'Isolated'", GgufVocabulary.REMEDY);
        }
        // line ends as themselves, or as regular expressions write them
        String pattern = step.get("pattern").get("Regex").text();
        yield List.of(pattern.replace("\r", "\\r").replace("\n", "\\n"));
      }
      default -> throw type.wrong("'Split', 'Digits' or 'ByteLevel'", GgufVocabulary.REMEDY);
    };
  }

  /** Whether a text starts with a space that it does not have. */
  private boolean isPrefixed() {
    Json normalizer = json.get("normalizer");
    List<Json> before = steps(json.get("pre_tokenizer"), "pretokenizers");
    boolean prefixed = false;
    boolean marks = false;
    for (Json step : steps(normalizer, "normalizers")) {
      String type = step.get("type").text();
      if (type.equals("Prepend") && step.get("prepend").text().equals(MARK)) {
        prefixed = true;
      } else if (type.equals("Replace")
          && step.get("pattern").get("String").textOr("").equals(" ")
          && step.get("content").text().equals(MARK)) {
        marks = true;
      } else {
        throw step.get("type").wrong("spaces that become '" + MARK + "'", GgufVocabulary.REMEDY);
      }
    }
    if (marks && before.isEmpty()) {
      return prefixed;
    }
    if (marks || before.size() != 1 || !before.getFirst().get("type").text().equals("Metaspace")) {
      throw json.get("pre_tokenizer")
          .wrong("spaces that become '" + MARK + "', and no other split", GgufVocabulary.REMEDY);
    }
    return isPrefixedBy(before.getFirst());
  }

  private boolean isPrefixedBy(Json metaspace) {
    if (metaspace.get("split").truthOr(true)
        || !metaspace.get("replacement").textOr(MARK).equals(MARK)) {
      throw metaspace.wrong("'" + MARK + "' for spaces, and no split", GgufVocabulary.REMEDY);
    }
    String scheme =
        metaspace
            .get("prepend_scheme")
            .textOr(metaspace.get("add_prefix_space").truthOr(true) ? "always" : "never");
    if (!scheme.equals("never")) {
      note =
          Optional.of(
              "the space that tokenizer.json puts before a text that has none, "
                  + (scheme.equals("first") ? "at its beginning alone, " : "")
                  + "GGUF puts before every text, and behind special tokens too");
    }
    return !scheme.equals("never");
  }
}
