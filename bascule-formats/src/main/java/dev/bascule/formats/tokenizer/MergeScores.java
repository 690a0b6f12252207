package dev.bascule.formats.tokenizer;

import dev.bascule.formats.json.Json;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Scores for a vocabulary that lists its merges: SentencePiece merges any two neighbours that
 * together are a token, the one of the highest score first. Both mean the same where the merges
 * into one token stand together, and every token has a merge for each way to part it into two.
 */
final class MergeScores {
  /** Of tokens that nothing is merged into. */
  private static final float LAST = -1e9f;

  private final Json model;
  private final String[] texts;
  private final int[] types;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Set<Long> listed = new HashSet<>();

  MergeScores(Json model, String[] texts, int[] types) {
    this.model = model;
    this.texts = texts;
    this.types = types;
    for (int id = 0; id < texts.length; id++) {
      ids.put(texts[id], id);
    }
  }

  float[] scores() {
    float[] scores = new float[texts.length];
    Arrays.fill(scores, LAST);
    int before = -1;
    int order = 0;
    for (Json merge : model.get("merges").elements()) {
      List<String> parts =
          merge.isText()
              ? List.of(merge.text().split(" ", 2))
              : merge.elements().stream().map(Json::text).toList();
      int left = ids.getOrDefault(parts.get(0), -1);
      int right = ids.getOrDefault(parts.get(1), -1);
      int token = ids.getOrDefault(parts.get(0) + parts.get(1), -1);
      if (token < 0 || left < 0 || right < 0 || token != before && scores[token] != LAST) {
        throw merge.wrong("merges in the order of scores of tokens", GgufVocabulary.REMEDY);
      }
      listed.add((long) left << Integer.SIZE | right);
      if (token != before) {
        scores[token] = -order++;
      }
      before = token;
    }
    for (int id = 0; id < texts.length; id++) {
      if (types[id] == GgufTokenizer.NORMAL) {
        requireAll(texts[id]);
      }
    }
    return scores;
  }

  private void requireAll(String text) {
    for (int at = 1; at < text.length(); at++) {
      int left = ids.getOrDefault(text.substring(0, at), -1);
      int right = ids.getOrDefault(text.substring(at), -1);
      if (left >= 0 && right >= 0 && !listed.contains((long) left << Integer.SIZE | right)) {
        throw model
            .get("merges")
            .wrong(
                "a merge of "
                    + dev.bascule.formats.FormatException.quote(texts[left])
                    + " and "
                    + dev.bascule.formats.FormatException.quote(texts[right])
                    + ", as SentencePiece has",
                GgufVocabulary.REMEDY);
      }
    }
  }
}
