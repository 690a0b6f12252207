package dev.bascule.bench;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What was measured of several sides, the first of which is Bascule.
 *
 * @param title the model and how it was run
 * @param sides what each side is
 */
record SpeedReport(String title, List<String> sides, List<SpeedReport.Row> rows) {
  SpeedReport {
    sides = List.copyOf(sides);
    rows = List.copyOf(rows);
  }

  /**
   * One thing that was timed.
   *
   * @param tokens that it reads or writes in the time; 0 where that says nothing
   * @param weightBytes that it reads; 0 where that says nothing
   * @param readBytesPerSecond how fast memory was read meanwhile by a loop that does nothing else
   */
  record Row(
      String name, int tokens, long weightBytes, double readBytesPerSecond, List<Timing> timings) {
    Row {
      timings = List.copyOf(timings);
    }
  }

  /**
   * One side's times.
   *
   * @param ratio this side's time to Bascule's, median of neighbouring blocks: above 1, Bascule is
   *     faster
   * @param share of the speed at which memory was read beside it, median of blocks
   */
  record Timing(
      String side, double medianSeconds, double leastSeconds, double ratio, double share) {}

  String table() {
    StringBuilder text = new StringBuilder(title).append('\n');
    sides.forEach(side -> text.append(side).append('\n'));
    text.append("\n| | side | median ms | best ms | tokens/s | ratio | weights GB/s of read |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (Row row : rows) {
      for (Timing timing : row.timings) {
        text.append(
            String.format(
                Locale.ROOT,
                "| %s | %s | %.2f | %.2f | %s | %.2f | %s |%n",
                row.name,
                timing.side,
                timing.medianSeconds * 1e3,
                timing.leastSeconds * 1e3,
                row.tokens == 0
                    ? ""
                    : String.format(Locale.ROOT, "%.1f", row.tokens / timing.medianSeconds),
                timing.ratio,
                weights(row, timing)));
      }
    }
    return text.toString();
  }

  private static String weights(Row row, Timing timing) {
    double rate = row.weightBytes / timing.medianSeconds;
    return row.weightBytes == 0
        ? ""
        : String.format(
            Locale.ROOT,
            "%.1f of %.1f (%.0f %%)",
            rate * 1e-9,
            row.readBytesPerSecond * 1e-9,
            100 * timing.share);
  }

  String json() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("title", title);
      json.writeArrayPropertyStart("sides");
      sides.forEach(json::writeString);
      json.writeEndArray();
      json.writeArrayPropertyStart("results");
      rows.forEach(row -> row.timings.forEach(timing -> write(json, row, timing)));
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Row row, Timing timing) {
    json.writeStartObject();
    json.writeStringProperty("name", row.name);
    json.writeStringProperty("side", timing.side);
    json.writeNumberProperty("tokens", row.tokens);
    json.writeNumberProperty("median_seconds", timing.medianSeconds);
    json.writeNumberProperty("least_seconds", timing.leastSeconds);
    json.writeNumberProperty("ratio", timing.ratio);
    if (row.weightBytes > 0) {
      json.writeNumberProperty("weight_bytes", row.weightBytes);
      json.writeNumberProperty("read_bytes_per_second", row.readBytesPerSecond);
      json.writeNumberProperty("share", timing.share);
    }
    json.writeEndObject();
  }
}
