package dev.bascule.plan.report;

import java.util.List;

/** Pieces of a page. */
final class Html {
  private Html() {}

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** A table that becomes cards on a narrow screen. */
  static String table(Grid grid) {
    StringBuilder html = new StringBuilder("<table><thead><tr>");
    grid.columns().forEach(column -> html.append("<th>").append(escape(column)).append("</th>"));
    html.append("</tr></thead><tbody>");
    for (List<String> row : grid.rows()) {
      html.append("<tr>");
      for (int c = 0; c < row.size(); c++) {
        html.append("<td data-label=\"")
            .append(escape(grid.columns().get(c)))
            .append("\">")
            .append(escape(row.get(c)).replace("\n", "<br>"))
            .append("</td>");
      }
      html.append("</tr>");
    }
    return html.append("</tbody></table>").toString();
  }

  static final String STYLE =
      """
      :root { color-scheme: light; }
      body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
        max-width: 60rem; padding: 1rem; }
      h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; }
      p.lead { font-size: 1.1rem; } .quiet { color: #555; font-size: .9rem; }
      svg { width: 100%; height: auto; display: block; } svg text { font-size: 12px; fill: #333; }
      svg .axis { font-size: 13px; } svg .grid { stroke: #e3e3e3; }
      table { border-collapse: collapse; width: 100%; font-size: .9rem; }
      th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid #ddd; }
      th { border-bottom: 2px solid #999; } td { overflow-wrap: break-word; }
      td:first-child { min-width: 9rem; } td:last-child { min-width: 6rem; }
      @media (max-width: 40rem) {
        thead { display: none; } tr { display: block; border-bottom: 2px solid #999; padding: .4rem 0; }
        td { display: block; border: 0; padding: .1rem 0; }
        td::before { content: attr(data-label) ': '; color: #555; }
        td:first-child { font-weight: 600; } td:first-child::before { content: ''; }
        svg text { font-size: 17px; } svg .axis { font-size: 18px; }
      }
      @media print { body { max-width: none; font-size: 11pt; } h2 { break-after: avoid; }
        svg, tr { break-inside: avoid; } }
      """;
}
