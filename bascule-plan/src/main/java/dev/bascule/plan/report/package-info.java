/** A page for people. */
@NullMarked
package dev.bascule.plan.report;

import org.jspecify.annotations.NullMarked;
