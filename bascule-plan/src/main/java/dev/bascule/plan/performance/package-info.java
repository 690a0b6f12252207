/** How fast: the roofline of each layer and phase, fitted efficiencies, and their test. */
@NullMarked
package dev.bascule.plan.performance;

import org.jspecify.annotations.NullMarked;
