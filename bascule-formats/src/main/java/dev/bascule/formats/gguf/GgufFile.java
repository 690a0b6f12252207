package dev.bascule.formats.gguf;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model as GGUF: one file, or all the files ({@code NAME-00001-of-00003.gguf}) that it was split
 * into, whichever of them is opened. Metadata is read and checked; tensors stay in the files until
 * they are asked for.
 */
public final class GgufFile implements TensorFile {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final String SPLIT_NO = "split.no";
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_TENSORS = "split.tensors.count";

  /** Files that one process may reasonably hold open for a model. */
  private static final int PARTS_MAX = 4096;

  private final Path path;
  private final List<InputFile> files;
  private final GgufPart first;
  private final GgufMetadata metadata;
  private final Map<String, StoredTensor> tensors;

  private GgufFile(Path path, List<InputFile> files, List<GgufPart> parts) {
    this.path = path;
    this.files = List.copyOf(files);
    this.first = parts.getFirst();
    this.metadata = first.metadata().without(List.of(SPLIT_NO, SPLIT_COUNT, SPLIT_TENSORS));
    this.tensors = Collections.unmodifiableMap(join(path, parts));
  }

  /** Whether the file starts as GGUF files do. */
  public static boolean isOne(Path path) {
    try (InputFile file = InputFile.open(path)) {
      return file.size() >= Integer.BYTES && new GgufCursor(file).i32() == GgufPart.MAGIC;
    }
  }

  /**
   * Opens a model; of a split one, any part.
   *
   * @throws FormatException if a file is broken or missing
   */
  public static GgufFile open(Path path) {
    List<InputFile> files = new ArrayList<>();
    try {
      GgufPart opened = part(path, files);
      int count =
          opened.metadata().find(SPLIT_COUNT).map(entry -> entry.integer(0, PARTS_MAX)).orElse(1);
      if (count <= 1) {
        return new GgufFile(path, files, List.of(opened));
      }
      return new GgufFile(path, files, parts(path, opened, count, files));
    } catch (RuntimeException e) {
      files.forEach(InputFile::close);
      throw e;
    }
  }

  private static GgufPart part(Path path, List<InputFile> files) {
    InputFile file = InputFile.open(path);
    files.add(file);
    return GgufPart.read(file);
  }

  private static List<GgufPart> parts(
      Path path, GgufPart opened, int count, List<InputFile> files) {
    Matcher name = PART.matcher(String.valueOf(path.getFileName()));
    if (!name.matches() || Integer.parseInt(name.group(3)) != count) {
      throw new FormatException(
          path,
          "",
          "the name of one of "
              + count
              + " parts, such as MODEL-00001-of-"
              + digits(count)
              + ".gguf",
          FormatException.quote(String.valueOf(path.getFileName())),
          "give the parts the names they had");
    }
    List<GgufPart> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path sibling =
          path.resolveSibling(
              name.group(1) + "-" + digits(i + 1) + "-of-" + digits(count) + ".gguf");
      GgufPart part =
          sibling.getFileName().equals(path.getFileName()) ? opened : part(sibling, files);
      checkNumber(part, i, count);
      parts.add(part);
    }
    return parts;
  }

  private static String digits(int number) {
    return String.format(Locale.ROOT, "%05d", number);
  }

  private static void checkNumber(GgufPart part, int index, int count) {
    GgufEntry number = part.metadata().get(SPLIT_NO);
    GgufEntry of = part.metadata().get(SPLIT_COUNT);
    if (number.integer(0, PARTS_MAX) != index || of.integer(0, PARTS_MAX) != count) {
      throw number.wrong(
          index + ", and " + count + " for " + SPLIT_COUNT, "give the parts the names they had");
    }
  }

  private static Map<String, StoredTensor> join(Path path, List<GgufPart> parts) {
    Map<String, StoredTensor> all = new LinkedHashMap<>();
    for (GgufPart part : parts) {
      for (StoredTensor tensor : part.tensors().values()) {
        if (all.put(tensor.name(), tensor) != null) {
          throw new FormatException(
              part.file(),
              "tensor " + FormatException.quote(tensor.name()),
              "each tensor in one part",
              "one of that name in an earlier part",
              "download the parts again");
        }
      }
    }
    if (parts.size() > 1) {
      checkTotal(path, parts.getFirst(), all.size());
    }
    return all;
  }

  private static void checkTotal(Path path, GgufPart first, int got) {
    long expected =
        first.metadata().find(SPLIT_TENSORS).map(e -> e.integer(0L, 1L << 32)).orElse((long) got);
    if (expected != got) {
      throw new FormatException(
          path, "", expected + " tensors in all parts", got + "", "download the parts again");
    }
  }

  @Override
  public Path path() {
    return path;
  }

  /** 2 or 3. */
  public int version() {
    return first.version();
  }

  /** What each tensor's offset is a multiple of, in bytes. */
  public int alignment() {
    return first.alignment();
  }

  /** Of a split model the first part's, without its words about the parts. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** The name of the architecture, such as {@code llama}. */
  public String architecture() {
    return metadata.get("general.architecture").text();
  }

  /** The files that the model is in. */
  public List<Path> parts() {
    return files.stream().map(InputFile::path).sorted().toList();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    files.forEach(InputFile::close);
  }
}
