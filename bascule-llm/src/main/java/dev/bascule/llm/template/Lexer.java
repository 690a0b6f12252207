package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a template into texts and tags, as Jinja does with {@code trim_blocks} and {@code
 * lstrip_blocks}, which are what chat templates are written for: the line end behind a block goes
 * away, and so does the white space before one that starts its line; a minus takes all white space
 * on its side, a plus keeps it.
 */
final class Lexer {
  private static final String OPERATORS_OF_TWO = "== != <= >= // **";
  private static final String OPERATORS = "+-*/%<>=()[]{}.,:|~";
  private static final String BLANKS = " \t\n\r\f\u000b";

  private final String source;
  private final Problems problems;
  private final List<Piece> pieces = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;
  private boolean startsLine = true;

  /** Where the last tag ended, before anything was trimmed, and its sign. */
  private int tagEnd;

  private char tagSign = ' ';

  Lexer(String source, Problems problems) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    this.problems = problems;
  }

  List<Piece> pieces() {
    while (at < source.length()) {
      int open = open(at);
      if (open < 0) {
        text(source.substring(at));
        break;
      }
      String before = source.substring(at, open);
      char kind = source.charAt(open + 1);
      at = open + 2;
      char sign = at < source.length() ? source.charAt(at) : ' ';
      if (sign == '-' || sign == '+') {
        at++;
      }
      text(stripped(before, sign, kind));
      switch (kind) {
        case '#' -> comment();
        case '%' -> block();
        default -> pieces.add(new Piece.Tag(true, tokens("}}"), line));
      }
      startsLine = source.charAt(at - 1) == '\n';
    }
    return List.copyOf(pieces);
  }

  private int line() {
    for (; counted < Math.min(at, source.length()); counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }

  private int open(int from) {
    for (int brace = source.indexOf('{', from);
        brace >= 0 && brace + 1 < source.length();
        brace = source.indexOf('{', brace + 1)) {
      if ("{%#".indexOf(source.charAt(brace + 1)) >= 0) {
        return brace;
      }
    }
    return -1;
  }

  private void text(String text) {
    if (!text.isEmpty()) {
      pieces.add(new Piece.Text(text));
    }
  }

  private String stripped(String text, char sign, char kind) {
    if (sign == '-') {
      return PythonText.strip(text, BLANKS, false, true);
    }
    int start = text.lastIndexOf('\n') + 1;
    boolean blank = text.substring(start).isBlank();
    boolean atLineStart = start > 0 || startsLine;
    return sign != '+' && kind != '{' && atLineStart && blank ? text.substring(0, start) : text;
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw problems.at(line(), "'#}' at the end of the comment", "the end of the template");
    }
    char sign = end > at ? source.charAt(end - 1) : ' ';
    at = end + 2;
    afterBlock(sign);
    line();
  }

  /** What goes away behind the end of a block or comment. */
  private void afterBlock(char sign) {
    if (sign == '-') {
      skipBlanks();
    } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void skipBlanks() {
    while (at < source.length() && BLANKS.indexOf(source.charAt(at)) >= 0) {
      at++;
    }
  }

  private void block() {
    int start = line();
    List<Token> tokens = tokens("%}");
    if (tokens.getFirst().isName("raw") && tokens.size() == 2) {
      raw();
    } else {
      pieces.add(new Piece.Tag(false, tokens, start));
    }
  }

  /** Text up to {@code {% endraw %}}. */
  private void raw() {
    // a line end behind its start stays, other than behind other blocks
    int start = tagSign == '-' ? at : tagEnd;
    for (int open = source.indexOf("{%", start); open >= 0; open = source.indexOf("{%", open + 2)) {
      at = open + 2;
      char sign = at < source.length() ? source.charAt(at) : ' ';
      if (sign == '-' || sign == '+') {
        at++;
      }
      skipBlanks();
      if (source.startsWith("endraw", at)) {
        tokens("%}");
        text(stripped(source.substring(start, open), sign, '%'));
        return;
      }
    }
    throw problems.at(line(), "'{% endraw %}'", "the end of the template");
  }

  /** The words up to the end of the tag, which is passed over. */
  private List<Token> tokens(String end) {
    List<Token> tokens = new ArrayList<>();
    int depth = 0;
    while (true) {
      skipBlanks();
      if (at >= source.length()) {
        throw problems.at(line(), "'" + end + "'", "the end of the template");
      }
      char c = source.charAt(at);
      boolean signed = c == '-' || c == '+' && end.equals("%}");
      if (depth == 0 && (source.startsWith(end, at) || signed && source.startsWith(end, at + 1))) {
        char sign = signed ? c : ' ';
        at += end.length() + (signed ? 1 : 0);
        tagEnd = at;
        tagSign = sign;
        tokens.add(new Token(Token.Kind.END, "the end of the tag", line()));
        if (end.equals("%}") || sign == '-') {
          afterBlock(sign);
        }
        line();
        return tokens;
      }
      Token token = token(c);
      depth += token.is("(") || token.is("[") || token.is("{") ? 1 : 0;
      depth -= token.is(")") || token.is("]") || token.is("}") ? 1 : 0;
      tokens.add(token);
    }
  }

  private Token token(char c) {
    if (c == '"' || c == '\'') {
      return new Token(Token.Kind.STRING, string(c), line());
    }
    if (c >= '0' && c <= '9') {
      return number();
    }
    if (Character.isUnicodeIdentifierStart(c) || c == '_') {
      int start = at;
      while (at < source.length()
          && (Character.isUnicodeIdentifierPart(source.charAt(at)) || source.charAt(at) == '_')) {
        at++;
      }
      return new Token(Token.Kind.NAME, source.substring(start, at), line());
    }
    String two = source.substring(at, Math.min(at + 2, source.length()));
    if (two.length() == 2 && !two.contains(" ") && OPERATORS_OF_TWO.contains(two)) {
      at += 2;
      return new Token(Token.Kind.OPERATOR, two, line());
    }
    if (OPERATORS.indexOf(c) < 0) {
      throw problems.at(line(), "an expression", problems.quote(Character.toString(c)));
    }
    at++;
    return new Token(Token.Kind.OPERATOR, Character.toString(c), line());
  }

  private Token number() {
    int start = at;
    skipDigits();
    boolean fraction =
        at + 1 < source.length() && source.charAt(at) == '.' && isDigit(source.charAt(at + 1));
    if (fraction) {
      at++;
      skipDigits();
    }
    boolean exponent = at < source.length() && "eE".indexOf(source.charAt(at)) >= 0;
    if (exponent) {
      int digits = at + 1;
      if (digits < source.length() && "+-".indexOf(source.charAt(digits)) >= 0) {
        digits++;
      }
      exponent = digits < source.length() && isDigit(source.charAt(digits));
      if (exponent) {
        at = digits;
        skipDigits();
      }
    }
    String text = source.substring(start, at).replace("_", "");
    Token.Kind kind = fraction || exponent ? Token.Kind.FLOAT : Token.Kind.INTEGER;
    return new Token(kind, text, line());
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void skipDigits() {
    while (at < source.length() && (isDigit(source.charAt(at)) || source.charAt(at) == '_')) {
      at++;
    }
  }

  private String string(char quote) {
    StringBuilder text = new StringBuilder();
    at++;
    while (at < source.length() && source.charAt(at) != quote) {
      char c = source.charAt(at++);
      if (c == '\\' && at < source.length()) {
        escape(text, source.charAt(at++));
      } else {
        text.append(c);
      }
    }
    if (at >= source.length()) {
      throw problems.at(line(), quote + " at the end of the text", "the end of the template");
    }
    at++;
    return text.toString();
  }

  /** Python's escapes; a backslash before anything else stays. */
  private void escape(StringBuilder text, char c) {
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'v' -> text.append('\u000b');
      case 'a' -> text.append('\u0007');
      case '0' -> text.append('\0');
      case '\\', '\'', '"' -> text.append(c);
      case '\n' -> {} // a line that goes on
      case 'x' -> code(text, 2);
      case 'u' -> code(text, 4);
      case 'U' -> code(text, 8);
      default -> text.append('\\').append(c);
    }
  }

  private void code(StringBuilder text, int digits) {
    int end = Math.min(at + digits, source.length());
    String code = source.substring(at, end);
    if (code.length() < digits || !code.matches("[0-9a-fA-F]+")) {
      throw problems.at(line(), digits + " hexadecimal digits", problems.quote(code));
    }
    long c = Long.parseLong(code, 16);
    if (c > Character.MAX_CODE_POINT) {
      throw problems.at(line(), "a character's number", problems.quote(code));
    }
    text.appendCodePoint((int) c);
    at = end;
  }
}
