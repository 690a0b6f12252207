package dev.bascule.formats.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns tokens into text one by one, as a model makes them. What is handed out ends with a whole
 * character: the bytes of an unfinished one wait for the next token. Not for several threads.
 */
public final class TextStream {
  private final Tokenizer tokenizer;
  private final boolean showsSpecial;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] waiting = new byte[0];
  private boolean isFirst;

  TextStream(Tokenizer tokenizer, boolean continues, boolean showsSpecial) {
    this.tokenizer = tokenizer;
    this.showsSpecial = showsSpecial;
    this.isFirst = !continues;
  }

  /** The text that the next token completes; may be empty. */
  public String add(int id) {
    if (!showsSpecial && tokenizer.tokens().isSpecial(id)) {
      return "";
    }
    byte[] bytes = tokenizer.bytes(id, isFirst);
    isFirst = false;
    return decode(bytes, false);
  }

  /** What still waits, which is no whole character: a replacement character, or nothing. */
  public String finish() {
    String rest = decode(new byte[0], true);
    utf8.reset();
    return rest;
  }

  private String decode(byte[] more, boolean ends) {
    ByteBuffer in = ByteBuffer.allocate(waiting.length + more.length).put(waiting).put(more).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    utf8.decode(in, out, ends);
    waiting = new byte[in.remaining()];
    in.get(waiting);
    return out.flip().toString();
  }
}
