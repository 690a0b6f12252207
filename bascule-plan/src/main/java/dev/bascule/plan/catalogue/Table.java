package dev.bascule.plan.catalogue;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.bascule.plan.Figure;
import dev.bascule.plan.PlanException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** A CSV file (RFC 4180) with named columns, whose rows know their line. */
public final class Table {
  private final String file;
  private final List<Row> rows;

  private Table(String file, List<Row> rows) {
    this.file = file;
    this.rows = List.copyOf(rows);
  }

  /**
   * Reads a whole file.
   *
   * @param columns every column it may have
   * @param required those of them that it must have
   */
  public static Table read(String file, String text, Set<String> columns, Set<String> required) {
    List<Row> rows = new ArrayList<>();
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .allowExtraFields(true)
            .allowMissingFields(true)
            .ofCsvRecord(withoutByteOrderMark(text))) {
      List<String> header = List.of();
      for (CsvRecord record : reader) {
        int line = (int) record.getStartingLineNumber();
        if (header.isEmpty()) {
          header = record.getFields().stream().map(String::strip).toList();
          checkHeader(file, header, columns, required);
        } else if (record.getFieldCount() != header.size()) {
          throw new PlanException(
              file
                  + " line "
                  + line
                  + ": expected "
                  + header.size()
                  + " fields as in the header, got "
                  + record.getFieldCount()
                  + "; quote a field that holds a comma");
        } else {
          rows.add(row(file, line, header, record));
        }
      }
      if (header.isEmpty()) {
        throw new PlanException(
            file + " line 1: expected a header with the columns' names, got nothing; add one");
      }
    } catch (CsvParseException e) {
      throw new PlanException(
          file + ": expected CSV, got '" + reasons(e) + "'; check the quotes there", e);
    } catch (java.io.IOException e) {
      throw new PlanException(file + ": cannot be read: " + e.getMessage(), e);
    }
    return new Table(file, rows);
  }

  /** The library says where in one exception and what in its cause. */
  private static String reasons(Exception e) {
    return e.getMessage() + (e.getCause() == null ? "" : ": " + e.getCause().getMessage());
  }

  private static String withoutByteOrderMark(String text) {
    return text.startsWith("\ufeff") ? text.substring(1) : text;
  }

  private static void checkHeader(
      String file, List<String> header, Set<String> columns, Set<String> required) {
    Set<String> seen = new LinkedHashSet<>();
    for (String name : header) {
      if (!columns.contains(name)) {
        throw new PlanException(
            file
                + " line 1: expected columns among "
                + new TreeSet<>(columns)
                + ", got "
                + PlanException.quote(name)
                + "; rename or remove it");
      }
      if (!seen.add(name)) {
        throw new PlanException(
            file + " line 1: expected each column once, got '" + name + "' twice; remove one");
      }
    }
    for (String name : required) {
      if (!seen.contains(name)) {
        throw new PlanException(
            file + " line 1: expected the column '" + name + "', got none; add it");
      }
    }
  }

  private static Row row(String file, int line, List<String> header, CsvRecord record) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < header.size(); i++) {
      String value = record.getField(i).strip();
      if (!value.isEmpty()) {
        values.put(header.get(i), value);
      }
    }
    return new Row(file, line, values);
  }

  public String file() {
    return file;
  }

  public List<Row> rows() {
    return rows;
  }

  /** One line of the file; an empty field is no value. */
  public record Row(String file, int line, Map<String, String> values) {
    public Row {
      values = Map.copyOf(values);
    }

    public Optional<String> text(String column) {
      return Optional.ofNullable(values.get(column));
    }

    public String need(String column) {
      return text(column).orElseThrow(() -> wrong(column, "a value", "nothing", "fill it in"));
    }

    /** A number, with its range where it is written. */
    public Optional<Figure> figure(String column) {
      return text(column)
          .map(text ->
              Figure.parse(text)
                  .orElseThrow(() ->
                      wrong(
                          column,
                          "a number, or value (low..high)",
                          PlanException.quote(text),
                          "write it such as 4000 or 4000 (3900..4096)")));
    }

    public double number(String column) {
      return figure(column)
          .orElseThrow(() -> wrong(column, "a number", "nothing", "fill it in"))
          .value();
    }

    /** One of a set of words. */
    public <T> T choice(String column, Map<String, T> choices) {
      String text = need(column);
      T choice = choices.get(text);
      if (choice == null) {
        throw wrong(
            column,
            "one of " + new TreeSet<>(choices.keySet()),
            PlanException.quote(text),
            "correct it");
      }
      return choice;
    }

    public List<String> list(String column) {
      return text(column).map(text -> List.of(text.split("\\s*;\\s*"))).orElse(List.of());
    }

    /** Where this row stands; every row of facts has source, date and confidence. */
    public Origin origin() {
      String confidence = choice("confidence", Map.of("A", "A", "B", "B", "C", "C"));
      return new Origin(file, line, need("source"), need("date"), confidence);
    }

    /** The error that a field is not what it should be. */
    public PlanException wrong(String column, String expected, String got, String remedy) {
      return new PlanException(
          file
              + " line "
              + line
              + ", column "
              + column
              + ": expected "
              + expected
              + ", got "
              + got
              + "; "
              + remedy);
    }
  }
}
