package dev.bascule.certify;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Which files a model is, by their SHA-256. */
final class ModelFiles {
  private ModelFiles() {}

  /** As JSON: the path as the user wrote it, and each file with its size and hash. */
  static Map<String, Object> describe(String kind, Path path, List<Path> files) {
    List<Object> rows = new ArrayList<>();
    for (Path file : files) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", String.valueOf(file.getFileName()));
      row.put("bytes", size(file));
      row.put("sha256", sha256(file));
      rows.add(row);
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("kind", kind);
    model.put("path", path.toString());
    model.put("files", rows);
    return model;
  }

  /** The files of a model's folder that its numbers depend on. */
  static List<Path> of(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> {
            String name = String.valueOf(file.getFileName());
            return name.equals("config.json")
                || name.endsWith(".safetensors")
                || name.endsWith(".safetensors.index.json");
          })
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(Path file) {
    MessageDigest digest = digest();
    byte[] block = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        digest.update(block, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
