package dev.bascule.certify;

import java.util.List;

/** An HTML page under way: one file, no script, nothing from elsewhere. */
final class Page {
  private static final String STYLE =
      """
      body { font: 15px/1.45 system-ui, sans-serif; max-width: 900px; margin: 2em auto; padding: 0 1em; color: #222; }
      h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
      table { border-collapse: collapse; font-size: 13px; } td, th { padding: 2px 10px; border-bottom: 1px solid #ddd; text-align: left; }
      td.n { text-align: right; font-variant-numeric: tabular-nums; } svg { max-width: 100%; height: auto; } svg text { font-size: 11px; fill: #444; }
      .verdict { padding: .7em 1em; border-left: 6px solid; } .passed { border-color: #3a8f3a; background: #eef7ee; }
      .broken { border-color: #b3261e; background: #fbeeed; } code, pre { font-size: 12px; } pre { overflow-x: auto; background: #f6f6f6; padding: .6em; }
      details { margin: .5em 0; }
      """;

  private final StringBuilder html = new StringBuilder();

  Page(String title) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>")
        .append(escape(title))
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(escape(title))
        .append("</h1>\n");
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  void heading(String text) {
    html.append("<h2>").append(escape(text)).append("</h2>\n");
  }

  void paragraph(String text) {
    html.append("<p>").append(escape(text)).append("</p>\n");
  }

  void verdict(boolean passed, String head, List<String> lines) {
    html.append("<div class=\"verdict ").append(passed ? "passed" : "broken").append("\"><b>");
    html.append(escape(head)).append("</b>\n");
    lines.forEach(line -> html.append("<br/>").append(escape(line)).append('\n'));
    html.append("</div>\n");
  }

  /** Cells that begin like numbers are aligned as such. */
  void table(List<String> head, List<List<String>> rows) {
    html.append("<table>\n<tr>");
    head.forEach(cell -> html.append("<th>").append(escape(cell)).append("</th>"));
    html.append("</tr>\n");
    for (List<String> row : rows) {
      html.append("<tr>");
      for (String cell : row) {
        boolean number = cell.matches("[-0-9].{0,24}");
        html.append(number ? "<td class=\"n\">" : "<td>").append(escape(cell)).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table>\n");
  }

  /** A plot that {@link Chart} drew. */
  void chart(String svg) {
    html.append(svg);
  }

  void folded(String summary, List<String> lines) {
    html.append("<details><summary>").append(escape(summary)).append("</summary>\n<pre>");
    html.append(escape(String.join("\n", lines))).append("</pre>\n</details>\n");
  }

  String end() {
    return html.append("</body>\n</html>\n").toString();
  }
}
