/** Facts, ranges and errors that all of planning shares. */
@NullMarked
package dev.bascule.plan;

import org.jspecify.annotations.NullMarked;
