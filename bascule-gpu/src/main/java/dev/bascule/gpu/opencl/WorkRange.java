package dev.bascule.gpu.opencl;

/**
 * How a launch is laid out: groups along three axes, and work items in each group.
 *
 * @param groupsX groups along the axis that runs fastest
 * @param itemsX work items of a group along that axis
 */
public record WorkRange(
    long groupsX, long groupsY, long groupsZ, int itemsX, int itemsY, int itemsZ) {
  public WorkRange {
    if (Math.min(Math.min(groupsX, groupsY), groupsZ) <= 0
        || Math.min(Math.min(itemsX, itemsY), itemsZ) <= 0) {
      throw new IllegalArgumentException(
          "an OpenCL launch needs at least one group and one work item along each axis: groups %d x %d x %d, items %d x %d x %d"
              .formatted(groupsX, groupsY, groupsZ, itemsX, itemsY, itemsZ));
    }
  }

  /** {@code groups} groups of {@code items} work items along one axis. */
  public static WorkRange of(long groups, int items) {
    return new WorkRange(groups, 1, 1, items, 1, 1);
  }

  /** A plane of groups of {@code items} work items each, which lie along the first axis. */
  public static WorkRange of(long groupsX, long groupsY, int items) {
    return new WorkRange(groupsX, groupsY, 1, items, 1, 1);
  }

  long global(int axis) {
    long groups = axis == 0 ? groupsX : axis == 1 ? groupsY : groupsZ;
    return Math.multiplyExact(groups, local(axis));
  }

  long local(int axis) {
    return axis == 0 ? itemsX : axis == 1 ? itemsY : itemsZ;
  }
}
