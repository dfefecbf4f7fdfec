"""消去: what was kept long enough goes for good, and a signed certificate says what went.

due       which applications may go
belonging what goes together
blockers  what holds a file up
cut       one application's rows lose what people wrote, in one short write
carriers  the files they came in
people    persons whom only an application named
blobs     bytes that nothing refers to any more are removed
run       all of it, for one procedure, taken up again where it stopped
"""
