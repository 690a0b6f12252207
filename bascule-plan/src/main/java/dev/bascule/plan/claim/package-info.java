/** Statements held against the catalogue, the roofline and the measurements. */
@NullMarked
package dev.bascule.plan.claim;

import org.jspecify.annotations.NullMarked;
