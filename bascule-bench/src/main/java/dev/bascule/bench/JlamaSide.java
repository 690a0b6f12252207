package dev.bascule.bench;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Jlama ({@code com.github.tjake:jlama-core}, seen working: 0.8.4 with {@code jlama-native}), whose
 * jars are on the class path of this process alone; so its classes are called by name. It runs on
 * JDK 25 with {@code --add-modules jdk.incubator.vector}. It reads Hugging Face folders ({@link
 * JlamaModel} writes one) and has one type of quantised weights, Q4, blocks of 32 like Q4_0; with
 * them activations are 8-bit, keys and values f32: what its own command does.
 */
final class JlamaSide implements Side {
  private static final String PACKAGE = "com.github.tjake.jlama.";

  private final Object model;
  private final Object cache;
  private final Object logits;
  private final int vocabulary;
  private final Method forward;
  private final Method batchForward;
  private final Method sample;
  private int length;

  JlamaSide(Settings settings) {
    try {
      Class<?> dtype = type("safetensors.DType");
      Object floats = constant(dtype, "F32");
      this.model =
          method(type("model.ModelSupport"), "loadModel", 6)
              .invoke(
                  null,
                  quantized(settings.model(), constant(dtype, "Q4")).toFile(),
                  settings.model().toFile(), // where it may keep pages of its cache
                  floats,
                  constant(dtype, "I8"),
                  Optional.empty(),
                  Optional.of(settings.threads()));
      Class<?> base = type("model.AbstractModel");
      Object config = method(base, "getConfig", 0).invoke(model);
      this.vocabulary = (int) config.getClass().getField("vocabularySize").get(config);
      this.logits =
          base.getMethod("makeDenseTensor", int[].class)
              .invoke(model, (Object) new int[] {vocabulary});
      Object caches = type("tensor.KvBufferCache").getConstructor(base).newInstance(model);
      this.cache = method(caches.getClass(), "getKvBuffer", 1).invoke(caches, UUID.randomUUID());
      Class<?> buffer = type("tensor.KvBufferCache$KvBuffer");
      this.forward = base.getMethod("forward", int.class, int.class, buffer, Optional.class);
      this.batchForward = base.getMethod("batchForward", int[].class, int.class, buffer);
      this.sample = method(base, "sample", 4);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Jlama is not as it is known here: " + e, e);
    }
  }

  /** The model as Jlama's own tool writes it in 4 bits, in a folder beside it. */
  private static Path quantized(Path model, Object type) throws ReflectiveOperationException {
    Path target = model.resolve("q4");
    if (!Files.isDirectory(target)) {
      method(type("safetensors.SafeTensorSupport"), "quantizeModel", 5)
          .invoke(null, model, type, new String[0], new String[0], Optional.of(target));
    }
    return target;
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName(PACKAGE + name);
  }

  private static Object constant(Class<?> type, String name) throws ReflectiveOperationException {
    return type.getField(name).get(null);
  }

  /** The public method of this name that takes so many values. */
  private static Method method(Class<?> type, String name, int parameters)
      throws NoSuchMethodException {
    return Arrays.stream(type.getMethods())
        .filter(one -> one.getName().equals(name) && one.getParameterCount() == parameters)
        .findFirst()
        .orElseThrow(() -> new NoSuchMethodException(type + "." + name));
  }

  @Override
  public String description() {
    try {
      Object provider =
          method(type("tensor.operations.TensorOperationsProvider"), "get", 0).invoke(null);
      return String.format(
          Locale.ROOT,
          "Jlama, %s, weights Q4, on JDK %s",
          type("tensor.operations.TensorOperations").getMethod("name").invoke(provider),
          System.getProperty("java.version"));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Jlama does not say what it runs on: " + e, e);
    }
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int read(int... ids) {
    try {
      Object hidden =
          ids.length == 1
              ? forward.invoke(model, ids[0], length, cache, Optional.empty())
              : batchForward.invoke(model, ids, length, cache);
      length += ids.length;
      Object shape = method(hidden.getClass(), "shape", 0).invoke(hidden);
      int rows = (int) method(shape.getClass(), "first", 0).invoke(shape);
      Object last =
          hidden
              .getClass()
              .getMethod("slice", int[].class)
              .invoke(hidden, (Object) new int[] {rows - 1});
      int id = (int) sample.invoke(model, last, 0f, 0f, logits);
      ((AutoCloseable) hidden).close();
      return id;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Jlama failed: " + e.getCause(), e);
    } catch (Exception e) {
      throw new IllegalStateException("Jlama does not close a tensor: " + e, e);
    }
  }

  @Override
  public void truncate(int tokens) {
    length = tokens; // positions are given with each call; what lies behind is not read
  }

  @Override
  public void close() {
    try {
      method(model.getClass(), "close", 0).invoke(model);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Jlama does not close: " + e, e);
    }
  }
}
