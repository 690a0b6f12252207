package dev.bascule.formats.gguf;

import dev.bascule.formats.FormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** The metadata of a GGUF file: what a model is and how its vocabulary reads, by key, in order. */
public final class GgufMetadata {
  private final Object file;
  private final SequencedMap<String, GgufValue> values;

  /**
   * Metadata with these values.
   *
   * @param file what messages call it
   */
  public GgufMetadata(Object file, SequencedMap<String, GgufValue> values) {
    this.file = file;
    this.values = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(values));
  }

  public static GgufMetadata empty() {
    return new GgufMetadata("new metadata", new LinkedHashMap<>());
  }

  /** What messages call the file. */
  public Object file() {
    return file;
  }

  /** All values, in the file's order. */
  public SequencedMap<String, GgufValue> values() {
    return values;
  }

  public List<GgufEntry> entries() {
    return values.entrySet().stream()
        .map(entry -> new GgufEntry(file, entry.getKey(), entry.getValue()))
        .toList();
  }

  public Optional<GgufEntry> find(String key) {
    return Optional.ofNullable(values.get(key)).map(value -> new GgufEntry(file, key, value));
  }

  /**
   * The value of this key.
   *
   * @throws FormatException if there is none
   */
  public GgufEntry get(String key) {
    return find(key)
        .orElseThrow(() ->
            new FormatException(
                file,
                "metadata",
                "a value " + FormatException.quote(key),
                "none among " + values.size(),
                "convert the model again with a current converter"));
  }

  /** This metadata with one value more, or another one for its key. */
  public GgufMetadata with(String key, GgufValue value) {
    LinkedHashMap<String, GgufValue> changed = new LinkedHashMap<>(values);
    changed.put(key, value);
    return new GgufMetadata(file, changed);
  }

  public GgufMetadata without(Iterable<String> keys) {
    LinkedHashMap<String, GgufValue> changed = new LinkedHashMap<>(values);
    keys.forEach(changed::remove);
    return new GgufMetadata(file, changed);
  }

  @Override
  public String toString() {
    return file + ": " + values.size() + " metadata values";
  }
}
