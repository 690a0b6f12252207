package dev.bascule.formats.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's way to write bytes as printable characters, so that a vocabulary of bytes is one of
 * texts: printable Latin-1 stands for itself, the other 68 bytes follow from U+0100.
 */
final class ByteAlphabet {
  private static final int CHARACTERS = 0x144;
  private static final char[] CHARACTER_OF = new char[256];
  private static final int[] BYTE_OF = new int[CHARACTERS];

  static {
    Arrays.fill(BYTE_OF, -1);
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      CHARACTER_OF[b] = printable ? (char) b : next++;
      BYTE_OF[CHARACTER_OF[b]] = b;
    }
  }

  private ByteAlphabet() {}

  /** One character for each byte. */
  static String write(byte[] bytes) {
    char[] characters = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      characters[i] = CHARACTER_OF[bytes[i] & 0xFF];
    }
    return new String(characters);
  }

  /** The text's UTF-8, one character for each byte. */
  static String write(String text) {
    return write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The bytes that a token stands for; its own UTF-8 where it is not of this alphabet. */
  static byte[] read(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= CHARACTERS || BYTE_OF[c] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTE_OF[c];
    }
    return bytes;
  }
}
