package dev.bascule.certify;

import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A certificate in a file, with a digest over the rest of it: an alteration is seen. (It is no
 * signature: whoever alters figures and digest both is found out by {@link #check} alone, which
 * compares with a new run.)
 */
public final class CertificateFile {
  private static final String DIGEST = "sha256";

  /** What may be otherwise on another machine or in another version: said, no fault. */
  private static final String ELSEWHERE = "devices\\[\\d+]\\.(description|kernels).*|bascule: .*";

  /** What is of one run: when it was, and where the models lay. */
  private static final String OF_ONE_RUN =
      "created: .*|models\\[\\d+]\\.path: .*|request\\.(model|against): .*";

  private final Path path;
  private final Map<String, Object> tree;
  private final String digest;

  private CertificateFile(Path path, Map<String, Object> tree, String digest) {
    this.path = path;
    this.tree = tree;
    this.digest = digest;
  }

  /** Writes {@code certificate} as JSON. */
  public static void write(Certificate certificate, Path path) throws IOException {
    Map<String, Object> tree = CertificateJson.of(certificate);
    tree.put(DIGEST, CanonicalJson.sha256(tree));
    AtomicFile.write(path, CanonicalJson.pretty(tree));
  }

  /** Reads a file; whether it says the truth is for {@link #check} to find. */
  public static CertificateFile read(Path path) {
    Json json = Json.read(path);
    if (!json.isObject() || !json.get("format").textOr("").equals(CertificateJson.FORMAT)) {
      throw new FormatException(
          path,
          "format",
          "\"" + CertificateJson.FORMAT + "\"",
          json.isObject() ? json.get("format").describe() : json.describe(),
          "give a file that 'bascule certify' wrote");
    }
    long version = json.get("formatVersion").integer(0, Long.MAX_VALUE);
    if (version != CertificateJson.VERSION) {
      throw new FormatException(
          path,
          "formatVersion",
          Long.toString(CertificateJson.VERSION),
          Long.toString(version),
          "check it with the Bascule that made it: " + json.get("bascule").textOr("unknown"));
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    json.members().forEach((name, member) -> tree.put(name, CanonicalJson.tree(member)));
    Object digest = tree.remove(DIGEST);
    return new CertificateFile(path, tree, String.valueOf(digest));
  }

  /** What was asked for, to ask for it again. */
  public Json request() {
    Object request = tree.getOrDefault("request", Map.of());
    byte[] text = CanonicalJson.of(request).getBytes(StandardCharsets.UTF_8);
    return Json.parse(text, path + ", request");
  }

  /** Whether the digest is that of the rest. */
  public boolean isUnaltered() {
    return CanonicalJson.sha256(tree).equals(digest);
  }

  /**
   * How a new run compares.
   *
   * @param wrong figures that are others now
   * @param elsewhere what may differ between machines and versions: descriptions and kernels
   */
  public record Findings(boolean isUnaltered, List<String> wrong, List<String> elsewhere) {
    public Findings {
      wrong = List.copyOf(wrong);
      elsewhere = List.copyOf(elsewhere);
    }

    /** Whether the certificate holds. */
    public boolean isSound() {
      return isUnaltered && wrong.isEmpty();
    }
  }

  /** Compares with {@code replayed}, made by the same request. */
  public Findings check(Certificate replayed) {
    List<String> wrong = new ArrayList<>();
    List<String> elsewhere = new ArrayList<>();
    Object again = CertificateJson.of(replayed);
    for (String difference : CertificateJson.differences(tree, again)) {
      if (difference.matches(ELSEWHERE)) {
        elsewhere.add(difference);
      } else if (!difference.matches(OF_ONE_RUN)) {
        wrong.add(difference);
      }
    }
    return new Findings(isUnaltered(), wrong, elsewhere);
  }
}
