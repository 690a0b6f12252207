/** Where to put a workload: memory, cost, search and reasons. */
@NullMarked
package dev.bascule.plan.placement;

import org.jspecify.annotations.NullMarked;
