package dev.bascule.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code --name value} pairs of a benchmark's command line, and {@code --name} alone for a flag.
 */
record Options(Map<String, String> values) {
  private static final String MARK = "--";

  static Options parse(String[] arguments) {
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < arguments.length; i++) {
      if (!arguments[i].startsWith(MARK)) {
        throw new IllegalArgumentException(
            "expected --name value, got " + Arrays.toString(arguments));
      }
      String name = arguments[i].substring(MARK.length());
      boolean isFlag = i + 1 == arguments.length || arguments[i + 1].startsWith(MARK);
      values.put(name, isFlag ? "" : arguments[++i]);
    }
    return new Options(values);
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  /** The value of an option that must be given. */
  String required(String name) {
    String value = values.get(name);
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException("expected --" + name + " VALUE, got " + values);
    }
    return value;
  }

  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  int number(String name, int otherwise) {
    return Integer.parseInt(text(name, Integer.toString(otherwise)));
  }

  double real(String name, double otherwise) {
    return Double.parseDouble(text(name, Double.toString(otherwise)));
  }

  int[] numbers(String name, String otherwise) {
    return Arrays.stream(text(name, otherwise).split(",", -1))
        .mapToInt(Integer::parseInt)
        .toArray();
  }
}
