package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelInterpreter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Runs kernels on a device and in the interpreter and compares every byte: outputs, elements that a
 * mask leaves alone, inputs, and the memory around each operand.
 */
final class KernelChecks {
  /** What lies before and after each operand, and must lie there afterwards. */
  private static final byte GUARD = (byte) 0xA5;

  private static final long GUARD_BYTES = 192;

  private KernelChecks() {}

  /** What is wrong with {@code device} for this case, if anything. */
  static Optional<String> failure(Device device, KernelCase example) {
    try (Launchable launchable = device.compile(example.kernel());
        Stream stream = device.stream()) {
      int run = 0;
      for (Bindings dims : example.runs()) {
        long seed = example.seed() + 31L * run++;
        Optional<String> failure =
            failure(device, stream, launchable, example, dims, new SplittableRandom(seed));
        if (failure.isPresent()) {
          return failure.map(text ->
              example.name()
                  + " with "
                  + dims.values()
                  + ": "
                  + text
                  + " ("
                  + launchable.describe()
                  + ")\n"
                  + example.kernel());
        }
      }
      return Optional.empty();
    }
  }

  private static Optional<String> failure(
      Device device,
      Stream stream,
      Launchable launchable,
      KernelCase example,
      Bindings dims,
      SplittableRandom random) {
    Kernel kernel = example.kernel();
    List<Tensor> expected = new ArrayList<>();
    for (int i = 0; i < kernel.parameters().size(); i++) {
      KernelCase.Operand operand = example.operands().get(i);
      expected.add(
          operand.inPlaceOf() >= 0
              ? expected.get(operand.inPlaceOf())
              : Inputs.draw(
                  kernel.parameters().get(i).dtype(),
                  new long[] {Math.max(0, operand.elements().evaluate(dims))},
                  operand.values(),
                  dims,
                  random));
    }
    try (var memory = new GuardedOperands(device, stream, expected)) {
      List<Slice> slices = new ArrayList<>(memory.slices());
      long workspace = launchable.workspaceBytes(dims);
      try (Buffer scratch = device.allocate(Math.max(1, workspace))) {
        if (workspace > 0) {
          slices.add(new Slice(scratch, 0, workspace));
        }
        try (Launch launch = launchable.bind(slices, dims)) {
          stream.launch(launch);
          stream.synchronize();
        }
      }
      KernelInterpreter.run(kernel, expected.stream().map(Tensor::bytes).toList(), dims);
      return memory.difference(stream, kernel, expected);
    }
  }

  /** Each operand in a buffer of its own, with guards around it. */
  private static final class GuardedOperands implements AutoCloseable {
    private final List<Buffer> buffers = new ArrayList<>();
    private final List<Slice> slices = new ArrayList<>();
    private final long before;

    GuardedOperands(Device device, Stream stream, List<Tensor> contents) {
      long alignment = Math.max(1, device.info().alignmentBytes());
      before = Math.ceilDiv(GUARD_BYTES, alignment) * alignment;
      for (int i = 0; i < contents.size(); i++) {
        int shared = contents.indexOf(contents.get(i));
        if (shared < i) {
          slices.add(slices.get(shared));
          continue;
        }
        MemorySegment bytes = contents.get(i).bytes();
        Buffer buffer = device.allocate(before + bytes.byteSize() + GUARD_BYTES);
        buffers.add(buffer);
        MemorySegment image = MemorySegment.ofArray(new byte[Math.toIntExact(buffer.bytes())]);
        image.fill(GUARD);
        MemorySegment.copy(bytes, 0, image, before, bytes.byteSize());
        stream.upload(image, Slice.of(buffer));
        slices.add(new Slice(buffer, before, bytes.byteSize()));
      }
    }

    List<Slice> slices() {
      return slices;
    }

    Optional<String> difference(Stream stream, Kernel kernel, List<Tensor> expected) {
      for (int i = 0; i < slices.size(); i++) {
        Slice slice = slices.get(i);
        MemorySegment image =
            MemorySegment.ofArray(new byte[Math.toIntExact(slice.buffer().bytes())]);
        stream.download(Slice.of(slice.buffer()), image);
        Kernel.Parameter parameter = kernel.parameters().get(i);
        DType dtype = parameter.dtype();
        var difference =
            Difference.of(
                dtype,
                expected.get(i).elements(),
                expected.get(i).bytes(),
                image.asSlice(slice.offsetBytes(), slice.bytes()));
        if (difference.isPresent()) {
          return Optional.of(parameter.name() + ":" + dtype + " " + difference.get());
        }
        long broken = brokenGuard(image, slice);
        if (broken >= 0) {
          return Optional.of(
              "byte "
                  + (broken - slice.offsetBytes())
                  + " of "
                  + parameter.name()
                  + ":"
                  + dtype
                  + ", outside its "
                  + slice.bytes()
                  + " bytes, was overwritten");
        }
      }
      return Optional.empty();
    }

    private static long brokenGuard(MemorySegment image, Slice slice) {
      for (long i = 0; i < image.byteSize(); i++) {
        boolean inside = i >= slice.offsetBytes() && i < slice.offsetBytes() + slice.bytes();
        if (!inside && image.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i) != GUARD) {
          return i;
        }
      }
      return -1;
    }

    @Override
    public void close() {
      buffers.forEach(Buffer::close);
    }
  }
}
