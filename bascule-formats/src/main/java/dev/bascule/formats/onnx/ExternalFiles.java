package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The files beside a model that hold its tensors. A model may name only files in its own folder (or
 * below), also after symbolic links are followed: a model from a stranger must not read the user's
 * other files.
 */
final class ExternalFiles implements AutoCloseable {
  private final Path model;
  private final Path folder;
  private final Map<String, InputFile> open = new HashMap<>();

  ExternalFiles(Path model) {
    this.model = model;
    Path absolute = model.toAbsolutePath();
    this.folder = Objects.requireNonNullElse(absolute.getParent(), absolute);
  }

  Path model() {
    return model;
  }

  /** What is wrong with a location by its text alone; empty if nothing is. */
  static String objection(String location) {
    if (location.isEmpty()) {
      return "an empty location";
    }
    Path path;
    try {
      path = Path.of(location);
    } catch (InvalidPathException e) {
      return "a location that is no path: " + FormatException.quote(location);
    }
    if (path.isAbsolute() || location.startsWith("/") || location.indexOf('\\') >= 0) {
      return "the absolute or foreign path " + FormatException.quote(location);
    }
    for (Path part : path) {
      if (part.toString().equals("..")) {
        return FormatException.quote(location) + ", which leaves the folder";
      }
    }
    return "";
  }

  /** The mapped file at a location that {@link #objection} has nothing against. */
  synchronized InputFile open(String location, String place) {
    InputFile file = open.get(location);
    if (file == null) {
      file = InputFile.open(resolve(location, place));
      open.put(location, file);
    }
    return file;
  }

  private Path resolve(String location, String place) {
    String expected =
        "the external data file " + FormatException.quote(location) + " in the model's folder";
    try {
      Path root = folder.toRealPath();
      Path real = root.resolve(location).toRealPath();
      if (!real.startsWith(root)) {
        throw new FormatException(
            model,
            place,
            expected,
            "a link that leads out of the folder",
            "copy the file into the folder");
      }
      return real;
    } catch (IOException e) {
      throw new FormatException(
          model, place, expected, "no such file", "put it beside the model, as it was exported", e);
    }
  }

  @Override
  public synchronized void close() {
    open.values().forEach(InputFile::close);
    open.clear();
  }
}
