package dev.bascule.plan.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A table of texts: for a terminal, for Markdown, or as objects for JSON. */
public final class Grid {
  private final List<String> columns;
  private final List<List<String>> rows = new ArrayList<>();

  public Grid(String... columns) {
    this.columns = List.of(columns);
  }

  public Grid row(Object... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(
          "expected " + columns.size() + " cells, got " + cells.length);
    }
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell.toString());
    }
    rows.add(row);
    return this;
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  public List<String> columns() {
    return columns;
  }

  public List<List<String>> rows() {
    return rows.stream().map(List::copyOf).toList();
  }

  /** Columns of equal width; numbers to the right. */
  public String text() {
    int[] widths = new int[columns.size()];
    boolean[] numeric = new boolean[columns.size()];
    for (int c = 0; c < widths.length; c++) {
      int column = c;
      widths[c] =
          Math.max(
              columns.get(c).length(),
              rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
      numeric[c] =
          rows.stream()
              .map(row -> row.get(column))
              .allMatch(s -> s.matches("[-+]?[\\d.,]*( ?%)?|-"));
    }
    StringBuilder text = new StringBuilder();
    line(text, columns, widths, numeric);
    for (List<String> row : rows) {
      line(text, row, widths, numeric);
    }
    return text.toString();
  }

  private static void line(
      StringBuilder text, List<String> cells, int[] widths, boolean[] numeric) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String cell = cells.get(c);
      String pad = " ".repeat(widths[c] - cell.length());
      line.append(c == 0 ? "" : "  ").append(numeric[c] ? pad + cell : cell + pad);
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }

  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("| ").append(String.join(" | ", columns)).append(" |\n");
    text.append("|").append("---|".repeat(columns.size())).append('\n');
    for (List<String> row : rows) {
      text.append("| ")
          .append(String.join(" | ", row.stream().map(s -> s.replace("|", "\\|")).toList()))
          .append(" |\n");
    }
    return text.toString();
  }

  /** One object for each row. */
  public List<Map<String, Object>> objects() {
    List<Map<String, Object>> objects = new ArrayList<>();
    for (List<String> row : rows) {
      Map<String, Object> object = new LinkedHashMap<>();
      for (int c = 0; c < columns.size(); c++) {
        object.put(columns.get(c), row.get(c));
      }
      objects.add(object);
    }
    return objects;
  }
}
