package dev.bascule.plan.catalogue;

import dev.bascule.plan.PlanException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that is known. The shipped files, and over them the rows of a folder of the user's own: a row
 * of the same name replaces the shipped one.
 */
public final class Catalogue {
  private static final int SUGGESTIONS_MAX = 3;

  private final Map<String, Chip> chips = new LinkedHashMap<>();
  private final Map<String, ChipSystem> systems = new LinkedHashMap<>();
  private final Map<String, ModelShape> models = new LinkedHashMap<>();
  private final Map<String, Measurement> measurements = new LinkedHashMap<>();

  private Catalogue() {}

  /** What Bascule ships. */
  public static Catalogue shipped() {
    return withFolder(Optional.empty());
  }

  /**
   * What Bascule ships, with the rows of a folder (chips.csv, systems.csv, models.json,
   * measured.csv; each may be absent).
   */
  public static Catalogue withFolder(Optional<Path> folder) {
    Catalogue catalogue = new Catalogue();
    for (Source source : List.of(Source.SHIPPED, Source.OWN)) {
      catalogue.add(source, folder);
    }
    catalogue.check();
    return catalogue;
  }

  private enum Source {
    SHIPPED,
    OWN
  }

  private void add(Source source, Optional<Path> folder) {
    for (Table.Row row : rows(source, folder, "chips.csv", Chip.columns(), Chip.REQUIRED)) {
      put(chips, row.need("chip"), Chip.of(row), row, Chip::row);
    }
    for (Table.Row row :
        rows(source, folder, "systems.csv", ChipSystem.COLUMNS, ChipSystem.REQUIRED)) {
      put(systems, row.need("system"), ChipSystem.of(row), row, ChipSystem::row);
    }
    for (Table.Row row :
        rows(source, folder, "measured.csv", Measurement.COLUMNS, Measurement.REQUIRED)) {
      put(measurements, row.need("id"), Measurement.of(row), row, Measurement::row);
    }
    file(source, folder, "models.json")
        .ifPresent(file -> {
          for (ModelShape model : ModelFiles.catalogue(file.name(), file.text())) {
            models.put(model.name(), model);
          }
        });
  }

  /** One file refused two rows of one name; a second file replaces. */
  private static <T> void put(
      Map<String, T> into, String name, T value, Table.Row row, Function<T, Origin> origin) {
    T before = into.put(name, value);
    if (before != null && origin.apply(before).file().equals(row.file())) {
      throw new PlanException(
          row.file()
              + " line "
              + row.line()
              + ": expected one row for "
              + PlanException.quote(name)
              + ", got another on line "
              + origin.apply(before).line()
              + "; remove one");
    }
  }

  private record TextFile(String name, String text) {}

  private static List<Table.Row> rows(
      Source source,
      Optional<Path> folder,
      String name,
      java.util.Set<String> columns,
      java.util.Set<String> required) {
    return file(source, folder, name)
        .map(file -> Table.read(file.name(), file.text(), columns, required).rows())
        .orElse(List.of());
  }

  private static Optional<TextFile> file(Source source, Optional<Path> folder, String name) {
    return switch (source) {
      case SHIPPED -> Optional.of(new TextFile(name, resource(name)));
      case OWN ->
          folder.map(path -> path.resolve(name)).filter(Files::exists).map(Catalogue::readFile);
    };
  }

  private static TextFile readFile(Path path) {
    try {
      return new TextFile(path.toString(), Files.readString(path));
    } catch (IOException e) {
      throw new PlanException(path + ": cannot be read as UTF-8 text: " + e.getMessage(), e);
    }
  }

  /** A shipped data file. */
  public static String resource(String name) {
    try (InputStream in = Catalogue.class.getResourceAsStream("/dev/bascule/plan/data/" + name)) {
      if (in == null) {
        throw new PlanException("the shipped file " + name + " is missing from the build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new PlanException("the shipped file " + name + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Every row that names another row names one that exists. */
  private void check() {
    for (ChipSystem system : systems.values()) {
      if (!chips.containsKey(system.chip())) {
        throw system
            .row()
            .wrong("a chip of chips.csv", PlanException.quote(system.chip()), "correct the name");
      }
    }
    for (Measurement measurement : measurements.values()) {
      if (measurement.conditions().isPresent()) {
        Origin row = measurement.row();
        if (!chips.containsKey(measurement.chip())) {
          throw row.wrong(
              "a chip of chips.csv",
              PlanException.quote(measurement.chip()),
              "correct the name, or set use to no");
        }
        if (!models.containsKey(measurement.model())) {
          throw row.wrong(
              "a model of models.json",
              PlanException.quote(measurement.model()),
              "correct the name, or set use to no");
        }
      }
    }
  }

  public List<Chip> chips() {
    return List.copyOf(chips.values());
  }

  public List<ChipSystem> systems() {
    return List.copyOf(systems.values());
  }

  public List<ModelShape> models() {
    return List.copyOf(models.values());
  }

  public List<Measurement> measurements() {
    return List.copyOf(measurements.values());
  }

  /** The chip of a name or an alias, whatever its case. */
  public Chip chip(String name) {
    return named(chips(), name, Chip::name, Chip::aliases)
        .orElseThrow(() -> unknown("chip", name, chips.keySet().stream(), "plan chips"));
  }

  /** The model of a name or an alias, or of a config.json, a model folder or a GGUF file. */
  public ModelShape model(String name) {
    Optional<ModelShape> known = named(models(), name, ModelShape::name, ModelShape::aliases);
    if (known.isPresent()) {
      return known.get();
    }
    if (name.endsWith(".json") || name.endsWith(".gguf") || Files.exists(Path.of(name))) {
      return ModelFiles.read(Path.of(name));
    }
    throw unknown("model", name, models.keySet().stream(), "plan models");
  }

  /** The systems that are made of this chip. */
  public List<ChipSystem> systemsOf(Chip chip) {
    return systems.values().stream().filter(s -> s.chip().equals(chip.name())).toList();
  }

  private static <T> Optional<T> named(
      List<T> all, String name, Function<T, String> own, Function<T, List<String>> aliases) {
    String wanted = plain(name);
    return all.stream()
        .filter(one -> plain(own.apply(one)).equals(wanted))
        .findFirst()
        .or(() ->
            all.stream()
                .filter(one -> aliases.apply(one).stream().anyMatch(a -> plain(a).equals(wanted)))
                .findFirst());
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[\\s_]+", " ").strip();
  }

  private static PlanException unknown(
      String kind, String name, Stream<String> known, String listing) {
    List<String> near =
        new ArrayList<>(
            known
                .sorted(
                    Comparator.comparingInt(candidate -> distance(plain(name), plain(candidate))))
                .limit(SUGGESTIONS_MAX)
                .toList());
    return new PlanException(
        "no "
            + kind
            + " "
            + PlanException.quote(name)
            + " is known; near it: "
            + String.join(", ", near)
            + "; 'bascule "
            + listing
            + "' lists all, and --data DIR adds your own");
  }

  /** Edits from one name to the other (Levenshtein); what only follows costs a tenth. */
  private static int distance(String wanted, String candidate) {
    if (candidate.contains(wanted)) {
      return candidate.length() - wanted.length();
    }
    int[] previous = new int[candidate.length() + 1];
    java.util.Arrays.setAll(previous, j -> j);
    for (int i = 1; i <= wanted.length(); i++) {
      int[] current = new int[candidate.length() + 1];
      current[0] = i;
      for (int j = 1; j <= candidate.length(); j++) {
        int change = wanted.charAt(i - 1) == candidate.charAt(j - 1) ? 0 : 1;
        current[j] = Math.min(previous[j - 1] + change, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return 10 * previous[candidate.length()];
  }
}
