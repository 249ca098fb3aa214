"""The process that an arm hangs on: drivers, the safety gate before them, and the wire to whoever commands.

Of `wam_demo` it imports the wire format alone (`wam_demo.robots.arm.wire`), so that it runs in an environment of
its own. The one exception is the driver `panda_sim`, which serves a scene of `wam_demo` and runs where that does.
"""
