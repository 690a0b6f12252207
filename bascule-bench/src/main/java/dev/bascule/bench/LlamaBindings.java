package dev.bascule.bench;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The functions of {@code libllama} that a measurement calls: one line for the symbol, one for the
 * call. Parameters are structures that grow with every release, so they are taken here as larger
 * than any (a callee reads and writes its own size of them), filled by the library itself, and only
 * fields are set that have long stood at the same place: the first three of {@code
 * llama_context_params}. {@code llama_batch} is that of all releases since 2025. Seen working: the
 * releases 0.5.0 and b4916; {@link LlamaCpp} checks that what it set was understood.
 */
final class LlamaBindings {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;

  /** Larger than the parameters of any release. */
  private static final StructLayout PARAMETERS =
      MemoryLayout.structLayout(MemoryLayout.sequenceLayout(64, ValueLayout.JAVA_LONG));

  /** {@code n_tokens, token, embd, pos, n_seq_id, seq_id, logits}. */
  private static final StructLayout BATCH =
      MemoryLayout.structLayout(
          INT, MemoryLayout.paddingLayout(4), POINTER, POINTER, POINTER, POINTER, POINTER, POINTER);

  private static final long TOKENS_OFFSET = 8;

  private final SymbolLookup library;

  /**
   * Finds every function in {@code library}.
   *
   * @throws java.util.NoSuchElementException when one is missing
   */
  LlamaBindings(SymbolLookup library) {
    this.library = library;
    super(); // the handles below are looked up in the library
  }

  private final MethodHandle loadBackends = action("ggml_backend_load_all_from_path", POINTER);

  /** Takes the library of the folder that suits this processor best. */
  void loadBackends(String folder) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(folder);
      call(() -> {
        loadBackends.invokeExact(path);
        return 0;
      });
    }
  }

  private final MethodHandle initialize = action("llama_backend_init");

  void initialize() {
    call(() -> {
      initialize.invokeExact();
      return 0;
    });
  }

  private final MethodHandle modelDefaults = function("llama_model_default_params", PARAMETERS);

  MemorySegment modelDefaults(SegmentAllocator memory) {
    return call(() -> (MemorySegment) modelDefaults.invokeExact(memory));
  }

  private final MethodHandle contextDefaults = function("llama_context_default_params", PARAMETERS);

  MemorySegment contextDefaults(SegmentAllocator memory) {
    return call(() -> (MemorySegment) contextDefaults.invokeExact(memory));
  }

  private final MethodHandle loadModel =
      function("llama_model_load_from_file", POINTER, POINTER, PARAMETERS);

  /** NULL if it cannot be loaded; the reason is on the standard error. */
  MemorySegment loadModel(String file, MemorySegment parameters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(file);
      return call(() -> (MemorySegment) loadModel.invokeExact(path, parameters));
    }
  }

  private final MethodHandle newContext =
      function("llama_init_from_model", POINTER, POINTER, PARAMETERS);

  /** NULL if there cannot be one; the reason is on the standard error. */
  MemorySegment newContext(MemorySegment model, MemorySegment parameters) {
    return call(() -> (MemorySegment) newContext.invokeExact(model, parameters));
  }

  private final MethodHandle setThreads = action("llama_set_n_threads", POINTER, INT, INT);

  void setThreads(MemorySegment context, int forTokens, int forPrompts) {
    call(() -> {
      setThreads.invokeExact(context, forTokens, forPrompts);
      return 0;
    });
  }

  private final MethodHandle contextSize = function("llama_n_ctx", INT, POINTER);

  int contextSize(MemorySegment context) {
    return call(() -> (int) contextSize.invokeExact(context));
  }

  private final MethodHandle batchSize = function("llama_n_batch", INT, POINTER);

  int batchSize(MemorySegment context) {
    return call(() -> (int) batchSize.invokeExact(context));
  }

  private final MethodHandle microBatchSize = function("llama_n_ubatch", INT, POINTER);

  int microBatchSize(MemorySegment context) {
    return call(() -> (int) microBatchSize.invokeExact(context));
  }

  private final MethodHandle threads = function("llama_n_threads", INT, POINTER);

  int threads(MemorySegment context) {
    return call(() -> (int) threads.invokeExact(context));
  }

  private final MethodHandle promptThreads = function("llama_n_threads_batch", INT, POINTER);

  int promptThreads(MemorySegment context) {
    return call(() -> (int) promptThreads.invokeExact(context));
  }

  private final MethodHandle vocabularyOf = function("llama_model_get_vocab", POINTER, POINTER);

  private final MethodHandle vocabularySize = function("llama_vocab_n_tokens", INT, POINTER);

  int vocabularySize(MemorySegment model) {
    return call(
        () -> (int) vocabularySize.invokeExact((MemorySegment) vocabularyOf.invokeExact(model)));
  }

  private final MethodHandle decode = function("llama_decode", INT, POINTER, BATCH);

  /** Takes tokens at the positions that follow; there will be logits of the last one. */
  void decode(MemorySegment context, MemorySegment tokens, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment batch = arena.allocate(BATCH); // null pointers: positions and logits as usual
      batch.set(INT, 0, count);
      batch.set(POINTER, TOKENS_OFFSET, tokens);
      int status = call(() -> (int) decode.invokeExact(context, batch));
      if (status != 0) {
        throw new IllegalStateException(
            "llama_decode of " + count + " tokens: expected status 0, got " + status);
      }
    }
  }

  private final MethodHandle logits = function("llama_get_logits_ith", POINTER, POINTER, INT);

  private static final int LAST = -1;

  MemorySegment lastLogits(MemorySegment context, int vocabulary) {
    MemorySegment found = call(() -> (MemorySegment) logits.invokeExact(context, LAST));
    return found.reinterpret((long) vocabulary * Float.BYTES);
  }

  /** Releases of 2025 and later keep the cache in an object of its own. */
  private final Optional<MethodHandle> memoryOf = find("llama_get_memory", POINTER, POINTER);

  private final MethodHandle removeTokens =
      function(
          memoryOf.isPresent() ? "llama_memory_seq_rm" : "llama_kv_self_seq_rm",
          ValueLayout.JAVA_BOOLEAN,
          POINTER,
          INT,
          INT,
          INT);

  /** Removes the tokens of the first sequence from this position on. */
  void removeTokens(MemorySegment context, int from) {
    boolean isDone =
        call(() -> {
          MemorySegment memory =
              memoryOf.isPresent() ? (MemorySegment) memoryOf.get().invokeExact(context) : context;
          return (boolean) removeTokens.invokeExact(memory, 0, from, LAST);
        });
    if (!isDone) {
      throw new IllegalStateException("llama.cpp does not forget tokens from " + from + " on");
    }
  }

  private final MethodHandle freeContext = action("llama_free", POINTER);

  void freeContext(MemorySegment context) {
    call(() -> {
      freeContext.invokeExact(context);
      return 0;
    });
  }

  private final MethodHandle freeModel = action("llama_model_free", POINTER);

  void freeModel(MemorySegment model) {
    call(() -> {
      freeModel.invokeExact(model);
      return 0;
    });
  }

  private final MethodHandle systemInfo = function("llama_print_system_info", POINTER);

  /** The instruction sets that its code uses. */
  String systemInfo() {
    return text(call(() -> (MemorySegment) systemInfo.invokeExact()));
  }

  private final Optional<MethodHandle> version = find("llama_version", POINTER);

  Optional<String> version() {
    return version.map(handle -> text(call(() -> (MemorySegment) handle.invokeExact())));
  }

  private static String text(MemorySegment pointer) {
    return pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  private MethodHandle function(String name, MemoryLayout result, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(result, parameters));
  }

  private MethodHandle action(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.ofVoid(parameters));
  }

  private Optional<MethodHandle> find(
      String name, MemoryLayout result, MemoryLayout... parameters) {
    return library.find(name).map(found -> function(name, result, parameters));
  }

  @FunctionalInterface
  private interface NativeCall<T> {
    T invoke() throws Throwable;
  }

  private static <T> T call(NativeCall<T> call) {
    try {
      return call.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) { // declared by invokeExact, never thrown by a downcall
      throw new AssertionError(e);
    }
  }
}
