package dev.bascule.formats.npy;

import dev.bascule.core.DType;
import dev.bascule.formats.FormatException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The header of a .npy file: a Python dictionary in text, of which only what NumPy writes is
 * understood. Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
record NpyHeader(DType dtype, boolean bigEndian, boolean columnMajor, List<Long> dims) {
  private static final int RANK_MAX = 64;

  /** NumPy's letters for the types that both sides have. */
  private static final Map<DType, String> CODES = codes();

  private static Map<DType, String> codes() {
    Map<DType, String> codes = new EnumMap<>(DType.class);
    codes.put(DType.F16, "f2");
    codes.put(DType.F32, "f4");
    codes.put(DType.F64, "f8");
    codes.put(DType.I8, "i1");
    codes.put(DType.I16, "i2");
    codes.put(DType.I32, "i4");
    codes.put(DType.I64, "i8");
    codes.put(DType.U8, "u1");
    codes.put(DType.U16, "u2");
    codes.put(DType.U32, "u4");
    codes.put(DType.U64, "u8");
    codes.put(DType.BOOL, "b1");
    return Map.copyOf(codes);
  }

  /** The header of an array as we write it: row-major, little-endian. */
  static String text(NpyArray array) {
    String code = CODES.get(array.dtype());
    if (code == null) {
      throw new IllegalArgumentException(
          "npy has no type for "
              + array.dtype()
              + ": expected one of "
              + CODES.keySet()
              + "; convert it, for example to f32");
    }
    String order = array.dtype().bits() > Byte.SIZE ? "<" : "|";
    List<String> dims = array.dims().stream().map(String::valueOf).toList();
    String shape = "(" + String.join(", ", dims) + (dims.size() == 1 ? ",)" : ")");
    return String.format(
        Locale.ROOT,
        "{'descr': '%s%s', 'fortran_order': False, 'shape': %s, }",
        order,
        code,
        shape);
  }

  static NpyHeader parse(String text, Object file) {
    return new Parser(text, file).header();
  }

  private static final class Parser {
    private final String text;
    private final Object file;
    private int at;

    private Parser(String text, Object file) {
      this.text = text;
      this.file = file;
    }

    private NpyHeader header() {
      String descr = null;
      Boolean columnMajor = null;
      List<Long> dims = null;
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        switch (key) {
          case "descr" -> descr = descr();
          case "fortran_order" -> columnMajor = truth();
          case "shape" -> dims = shape();
          default ->
              throw broken("the keys descr, fortran_order and shape", FormatException.quote(key));
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      if (descr == null || columnMajor == null || dims == null) {
        throw broken("all of the keys descr, fortran_order and shape", "some of them");
      }
      return new NpyHeader(dtype(descr), descr.startsWith(">"), columnMajor, dims);
    }

    private String descr() {
      skipSpaces();
      if (at < text.length() && text.charAt(at) == '[') {
        throw refused("an array of numbers", "one of records");
      }
      return string();
    }

    private DType dtype(String descr) {
      boolean hasOrder = !descr.isEmpty() && "<>|=".indexOf(descr.charAt(0)) >= 0;
      String code = hasOrder ? descr.substring(1) : descr;
      for (Map.Entry<DType, String> row : CODES.entrySet()) {
        if (row.getValue().equals(code)
            && (descr.charAt(0) != '|' || row.getKey().bits() <= Byte.SIZE)) {
          return row.getKey();
        }
      }
      throw refused(
          "a type of " + CODES.values().stream().sorted().toList(), FormatException.quote(descr));
    }

    private boolean truth() {
      skipSpaces();
      for (boolean value : new boolean[] {true, false}) {
        String word = value ? "True" : "False";
        if (text.startsWith(word, at)) {
          at += word.length();
          return value;
        }
      }
      throw broken("True or False", rest());
    }

    private List<Long> shape() {
      List<Long> dims = new ArrayList<>();
      expect('(');
      while (!accept(')')) {
        if (dims.size() == RANK_MAX) {
          throw broken("at most " + RANK_MAX + " dimensions", "more");
        }
        dims.add(number());
        if (!accept(',')) {
          expect(')');
          break;
        }
      }
      return dims;
    }

    private long number() {
      skipSpaces();
      int start = at;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        at++;
      }
      try {
        long number = Long.parseLong(text, start, at, 10);
        accept('L'); // Python 2 wrote its long integers so.
        return number;
      } catch (NumberFormatException e) {
        at = start;
        throw broken("a dimension of zero or more", rest());
      }
    }

    private String string() {
      skipSpaces();
      char quote = at < text.length() ? text.charAt(at) : ' ';
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
      if (end < 0) {
        throw broken("a text between quotes", rest());
      }
      String string = text.substring(at + 1, end);
      at = end + 1;
      return string;
    }

    private void expect(char c) {
      if (!accept(c)) {
        throw broken("'" + c + "'", rest());
      }
    }

    private boolean accept(char c) {
      skipSpaces();
      if (at < text.length() && text.charAt(at) == c) {
        at++;
        return true;
      }
      return false;
    }

    private void skipSpaces() {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
        at++;
      }
    }

    private String rest() {
      return at == text.length() ? "the end" : FormatException.quote(text.substring(at));
    }

    private FormatException broken(String expected, String got) {
      return new FormatException(
          file, "header at character " + at, expected, got, "save the array with numpy.save again");
    }

    private FormatException refused(String expected, String got) {
      return new FormatException(
          file,
          "header",
          expected,
          got,
          "convert the array in NumPy, for example with astype('float32')");
    }
  }
}
