package dev.bascule.formats.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * What becomes of text that no token has: its bytes, where the vocabulary has those; else the
 * unknown token; else nothing.
 *
 * @param bytes the token of each byte, or -1; empty where bytes are not used
 * @param fuses whether neighbouring unknown texts of a piece become one unknown token
 */
record Fallback(int[] bytes, OptionalInt unknown, boolean fuses) {
  /** SentencePiece's tokens for bytes, {@code <0x00>} to {@code <0xFF>}. */
  static int[] byteTokens(Vocabulary vocabulary) {
    int[] tokens = new int[256];
    for (int b = 0; b < 256; b++) {
      tokens[b] = vocabulary.id(byteToken(b));
    }
    return tokens;
  }

  static String byteToken(int b) {
    String digits = "0123456789ABCDEF";
    return "<0x" + digits.charAt(b >> 4) + digits.charAt(b & 15) + ">";
  }

  /** Appends what stands for {@code text}; the piece's own ids start at {@code from}. */
  void encode(String text, IdList ids, int from) {
    if (bytes.length > 0 && bytes(text, ids)) {
      return;
    }
    if (unknown.isPresent()) {
      int id = unknown.getAsInt();
      if (!fuses || ids.size() == from || ids.last() != id) {
        ids.add(id);
      }
    }
  }

  private boolean bytes(String text, IdList ids) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    for (byte b : utf8) {
      if (bytes[b & 0xFF] < 0) {
        return false;
      }
    }
    for (byte b : utf8) {
      ids.add(bytes[b & 0xFF]);
    }
    return true;
  }
}
