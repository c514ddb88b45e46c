# make demo    analyse a dermoscopic image with the default model (IMAGE=photo.jpg for your own)
# make test    everything that the project tests
.PHONY: demo test setup build check fuzz format install clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

setup:
	@Scripts/setup.sh

build: setup
	@Scripts/build.sh --product cutis

demo: setup
	@Scripts/demo.sh $(IMAGE)

test: setup
	@Scripts/check.sh

# make check   the same as make test
check: test

# make fuzz    100,000 malformed inputs through every parser
fuzz: setup
	@Scripts/fuzz.sh

# make format  rewrites the sources in the house style
format:
	@swift format --in-place --parallel --recursive Sources Tests Package.swift

# make clean   removes what was built (LibTorch stays)
clean:
	@rm -rf .build
