// Runs Porcupine (github.com/anishathalye/porcupine) on the histories that HistoryBenchmark makes.
//
//	driver check FILE SECONDS    one history: what it answers and the time of its check alone
//	driver batch FILE            many, each behind a line HISTORY n: an answer a line
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const initial = -1

type question struct {
	kind     string
	old, new int
}

type answer struct {
	known, ok bool
	value     int
}

var register = porcupine.Model{
	Init: func() interface{} { return initial },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		value, asked, told := state.(int), input.(question), output.(answer)
		switch asked.kind {
		case "write":
			return true, asked.new
		case "read":
			return !told.known || told.value == value, value
		default:
			swaps := asked.old == value
			if told.known && told.ok != swaps {
				return false, value
			}
			if swaps {
				return true, asked.new
			}
			return true, value
		}
	},
	Hash: func(state interface{}) uint64 { return uint64(state.(int)) * 0x9E3779B97F4A7C15 },
}

func parse(lines []string) []porcupine.Event {
	var events []porcupine.Event
	open := map[int]int{}
	dropped := map[int]bool{}
	count := 0
	for _, line := range lines {
		words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(line))
		if len(words) < 7 {
			continue
		}
		process, _ := strconv.Atoi(words[3])
		phase, kind := words[4][1:], words[5][1:]
		numbers := []int{initial, initial}
		for i, word := range words[6:] {
			if value, err := strconv.Atoi(word); err == nil && i < 2 {
				numbers[i] = value
			}
		}
		if phase == "invoke" {
			asked := question{kind: kind, new: numbers[0]}
			if kind == "cas" {
				asked = question{kind: kind, old: numbers[0], new: numbers[1]}
			}
			open[process] = count
			events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.CallEvent, Value: asked, Id: count})
			count++
			continue
		}
		id := open[process]
		if phase == "info" {
			continue
		}
		delete(open, process)
		if phase == "fail" && kind != "cas" {
			// It did not happen.
			dropped[id] = true
			continue
		}
		told := answer{known: true, ok: phase == "ok", value: numbers[0]}
		events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Value: told, Id: id})
	}
	for process, id := range open {
		events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Value: answer{}, Id: id})
	}
	if len(dropped) == 0 {
		return events
	}
	var kept []porcupine.Event
	for _, event := range events {
		if !dropped[event.Id] {
			kept = append(kept, event)
		}
	}
	return kept
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("driver check FILE SECONDS | batch FILE")
		os.Exit(2)
	}
	file, err := os.Open(os.Args[2])
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	var lines []string
	if os.Args[1] == "check" {
		seconds, _ := strconv.Atoi(os.Args[3])
		for scanner.Scan() {
			lines = append(lines, scanner.Text())
		}
		events := parse(lines)
		start := time.Now()
		result := porcupine.CheckEventsTimeout(register, events, time.Duration(seconds)*time.Second)
		fmt.Printf("answer=%s check=%.6f\n", result, time.Since(start).Seconds())
		return
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := map[porcupine.CheckResult]string{porcupine.Ok: "valid", porcupine.Illegal: "invalid", porcupine.Unknown: "unknown"}
	flush := func() {
		if lines != nil {
			fmt.Fprintln(out, answers[porcupine.CheckEventsTimeout(register, parse(lines), 0)])
		}
	}
	for scanner.Scan() {
		if strings.HasPrefix(scanner.Text(), "HISTORY ") {
			flush()
			lines = []string{}
			continue
		}
		lines = append(lines, scanner.Text())
	}
	flush()
}
