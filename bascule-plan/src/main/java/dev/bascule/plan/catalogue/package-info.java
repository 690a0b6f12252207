/** What is known: chips, systems, models and measurements, each row with its source. */
@NullMarked
package dev.bascule.plan.catalogue;

import org.jspecify.annotations.NullMarked;
