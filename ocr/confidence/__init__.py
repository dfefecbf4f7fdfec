"""How sure a reading is: calibration, and what other fields confirm."""
