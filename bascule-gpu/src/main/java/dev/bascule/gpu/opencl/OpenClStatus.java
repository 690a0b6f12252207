package dev.bascule.gpu.opencl;

import static java.util.Map.entry;

import java.util.Map;

/**
 * The status codes of {@code cl.h} and of the loader, with their names and what a user can do about
 * them.
 */
final class OpenClStatus {
  static final int SUCCESS = 0;
  static final int DEVICE_NOT_FOUND = -1;
  static final int BUILD_PROGRAM_FAILURE = -11;
  static final int INVALID_BUFFER_SIZE = -61;
  static final int PLATFORM_NOT_FOUND_KHR = -1001;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          entry(-1, "CL_DEVICE_NOT_FOUND"),
          entry(-2, "CL_DEVICE_NOT_AVAILABLE"),
          entry(-3, "CL_COMPILER_NOT_AVAILABLE"),
          entry(-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"),
          entry(-5, "CL_OUT_OF_RESOURCES"),
          entry(-6, "CL_OUT_OF_HOST_MEMORY"),
          entry(-7, "CL_PROFILING_INFO_NOT_AVAILABLE"),
          entry(-8, "CL_MEM_COPY_OVERLAP"),
          entry(-11, "CL_BUILD_PROGRAM_FAILURE"),
          entry(-12, "CL_MAP_FAILURE"),
          entry(-13, "CL_MISALIGNED_SUB_BUFFER_OFFSET"),
          entry(-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"),
          entry(-15, "CL_COMPILE_PROGRAM_FAILURE"),
          entry(-16, "CL_LINKER_NOT_AVAILABLE"),
          entry(-17, "CL_LINK_PROGRAM_FAILURE"),
          entry(-18, "CL_DEVICE_PARTITION_FAILED"),
          entry(-19, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE"),
          entry(-30, "CL_INVALID_VALUE"),
          entry(-31, "CL_INVALID_DEVICE_TYPE"),
          entry(-32, "CL_INVALID_PLATFORM"),
          entry(-33, "CL_INVALID_DEVICE"),
          entry(-34, "CL_INVALID_CONTEXT"),
          entry(-35, "CL_INVALID_QUEUE_PROPERTIES"),
          entry(-36, "CL_INVALID_COMMAND_QUEUE"),
          entry(-37, "CL_INVALID_HOST_PTR"),
          entry(-38, "CL_INVALID_MEM_OBJECT"),
          entry(-42, "CL_INVALID_BINARY"),
          entry(-43, "CL_INVALID_BUILD_OPTIONS"),
          entry(-44, "CL_INVALID_PROGRAM"),
          entry(-45, "CL_INVALID_PROGRAM_EXECUTABLE"),
          entry(-46, "CL_INVALID_KERNEL_NAME"),
          entry(-47, "CL_INVALID_KERNEL_DEFINITION"),
          entry(-48, "CL_INVALID_KERNEL"),
          entry(-49, "CL_INVALID_ARG_INDEX"),
          entry(-50, "CL_INVALID_ARG_VALUE"),
          entry(-51, "CL_INVALID_ARG_SIZE"),
          entry(-52, "CL_INVALID_KERNEL_ARGS"),
          entry(-53, "CL_INVALID_WORK_DIMENSION"),
          entry(-54, "CL_INVALID_WORK_GROUP_SIZE"),
          entry(-55, "CL_INVALID_WORK_ITEM_SIZE"),
          entry(-56, "CL_INVALID_GLOBAL_OFFSET"),
          entry(-57, "CL_INVALID_EVENT_WAIT_LIST"),
          entry(-58, "CL_INVALID_EVENT"),
          entry(-59, "CL_INVALID_OPERATION"),
          entry(-61, "CL_INVALID_BUFFER_SIZE"),
          entry(-63, "CL_INVALID_GLOBAL_WORK_SIZE"),
          entry(-64, "CL_INVALID_PROPERTY"),
          entry(-66, "CL_INVALID_COMPILER_OPTIONS"),
          entry(-67, "CL_INVALID_LINKER_OPTIONS"),
          entry(-72, "CL_MAX_SIZE_RESTRICTION_EXCEEDED"),
          entry(PLATFORM_NOT_FOUND_KHR, "CL_PLATFORM_NOT_FOUND_KHR"));

  private static final Map<Integer, String> REMEDIES =
      Map.ofEntries(
          entry(-2, "is another process holding the device?"),
          entry(-3, "this driver has no OpenCL C compiler; install one that has"),
          entry(-4, "the device has no room; use a smaller batch, context or model"),
          entry(-5, "the device ran out of a resource or a kernel failed while it ran"),
          entry(-6, "the host has no room; use a smaller batch, context or model"),
          entry(
              -61,
              "a buffer must have at least 1 byte and at most the device's largest allocation"));

  private OpenClStatus() {}

  /** {@code CL_INVALID_VALUE (-30)}, or {@code status -9999} for one that only the vendor knows. */
  static String describe(int status) {
    String name = NAMES.get(status);
    return name == null ? "status " + status : name + " (" + status + ")";
  }

  /** Throws what {@code function} failed with, unless it succeeded. */
  static void check(String function, int status) {
    if (status != SUCCESS) {
      throw failure(function, status, "");
    }
  }

  /**
   * The error for a failed {@code function}; {@code detail} (may be empty) says what was asked for.
   */
  static OpenClException failure(String function, int status, String detail) {
    String remedy = REMEDIES.get(status);
    return new OpenClException(
        "OpenCL: "
            + function
            + " gave "
            + describe(status)
            + (detail.isEmpty() ? "" : ": " + detail)
            + (remedy == null ? "" : "; " + remedy),
        status);
  }
}
