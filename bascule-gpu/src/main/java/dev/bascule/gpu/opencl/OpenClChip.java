package dev.bascule.gpu.opencl;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;

/**
 * What one OpenCL device says of itself (the data of {@code clGetDeviceInfo}); {@link
 * OpenClContext#open} starts to use it.
 *
 * @param name as the vendor writes it
 * @param version of OpenCL and driver, as the vendor writes it
 * @param computeUnits cores or multiprocessors
 * @param workGroupSizeMax work items per group
 * @param localBytes memory of one work group
 * @param globalBytes memory of the device
 * @param allocationBytesMax of one buffer
 * @param floatWidth floats per native vector, 1 on most GPUs
 * @param fp64 whether {@code double} is there
 * @param fp16 whether {@code half} arithmetic is there (loads and stores of half always are)
 * @param denormals whether single precision keeps denormals
 * @param exactDivide whether division and square root can be correctly rounded
 * @param fusedMultiplyAdd whether fma is one instruction rather than emulated
 */
public record OpenClChip(
    Handle handle,
    String name,
    String vendor,
    String version,
    Type type,
    int computeUnits,
    long workGroupSizeMax,
    long localBytes,
    long globalBytes,
    long allocationBytesMax,
    int floatWidth,
    boolean littleEndian,
    boolean fp64,
    boolean fp16,
    boolean denormals,
    boolean exactDivide,
    boolean fusedMultiplyAdd) {

  /** What kind of chip it is; it decides between the two schedules. */
  public enum Type {
    CPU,
    GPU,
    ACCELERATOR
  }

  /** The driver's name for the device, and the functions that understand it. */
  record Handle(OpenClBindings bindings, MemorySegment id) {}

  private static final long TYPE_CPU = 1 << 1;
  private static final long TYPE_GPU = 1 << 2;
  private static final long FP_DENORMALS = 1 << 0;
  private static final long FP_FMA = 1 << 5;
  private static final long FP_EXACT_DIVIDE = 1 << 7;

  private static final int DEVICE_TYPE = 0x1000;
  private static final int MAX_COMPUTE_UNITS = 0x1002;
  private static final int MAX_WORK_GROUP_SIZE = 0x1004;
  private static final int NATIVE_VECTOR_WIDTH_FLOAT = 0x103A;
  private static final int MAX_MEM_ALLOC_SIZE = 0x1010;
  private static final int SINGLE_FP_CONFIG = 0x101B;
  private static final int GLOBAL_MEM_SIZE = 0x101F;
  private static final int LOCAL_MEM_SIZE = 0x1023;
  private static final int ENDIAN_LITTLE = 0x1026;
  private static final int DEVICE_NAME = 0x102B;
  private static final int DEVICE_VENDOR = 0x102C;
  private static final int DEVICE_VERSION = 0x102F;
  private static final int DEVICE_EXTENSIONS = 0x1030;

  static OpenClChip of(OpenClBindings bindings, MemorySegment id) {
    OpenClQuery query =
        new OpenClQuery((key, value, size) -> bindings.getDeviceInfo(id, key, value, size));
    Set<String> extensions = Set.copyOf(Arrays.asList(query.text(DEVICE_EXTENSIONS).split(" +")));
    long single = query.integer(SINGLE_FP_CONFIG);
    return new OpenClChip(
        new Handle(bindings, id),
        query.text(DEVICE_NAME),
        query.text(DEVICE_VENDOR),
        query.text(DEVICE_VERSION),
        type(query.integer(DEVICE_TYPE)),
        Math.toIntExact(query.integer(MAX_COMPUTE_UNITS)),
        query.integer(MAX_WORK_GROUP_SIZE),
        query.integer(LOCAL_MEM_SIZE),
        query.integer(GLOBAL_MEM_SIZE),
        query.integer(MAX_MEM_ALLOC_SIZE),
        Math.toIntExact(query.integer(NATIVE_VECTOR_WIDTH_FLOAT)),
        query.flag(ENDIAN_LITTLE),
        extensions.contains("cl_khr_fp64"),
        extensions.contains("cl_khr_fp16"),
        (single & FP_DENORMALS) != 0,
        (single & FP_EXACT_DIVIDE) != 0,
        (single & FP_FMA) != 0);
  }

  private static Type type(long bits) {
    if ((bits & TYPE_CPU) != 0) {
      return Type.CPU;
    }
    return (bits & TYPE_GPU) != 0 ? Type.GPU : Type.ACCELERATOR;
  }
}
