package dev.bascule.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** {@code --name value} pairs of a benchmark's command line. */
record Options(Map<String, String> values) {
  static Options parse(String[] arguments) {
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
        throw new IllegalArgumentException(
            "expected --name value, got " + Arrays.toString(arguments));
      }
      values.put(arguments[i].substring(2), arguments[i + 1]);
    }
    return new Options(values);
  }

  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  int number(String name, int otherwise) {
    return Integer.parseInt(text(name, Integer.toString(otherwise)));
  }

  int[] numbers(String name, String otherwise) {
    return Arrays.stream(text(name, otherwise).split(",", -1))
        .mapToInt(Integer::parseInt)
        .toArray();
  }
}
