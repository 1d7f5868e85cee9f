/* gainsay completion: scripts that make a shell ask `gainsay --complete` (validator/cli/complete.h). */
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"

static const char bash[] =
	"# bash completion of gainsay: source <(gainsay completion bash)\n"
	"_gainsay() {\n"
	"\tlocal line word=${COMP_WORDS[COMP_CWORD]}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:file) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	"\t\t:dir) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
	"\t\t*) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${COMP_WORDS[0]}\" --complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _gainsay gainsay\n";

static const char zsh[] =
	"#compdef gainsay\n"
	"# zsh completion of gainsay: source <(gainsay completion zsh), or this file as _gainsay in a folder of $fpath\n"
	"_gainsay() {\n"
	"\tlocal line\n"
	"\tlocal -a offered\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:file) _files ;;\n"
	"\t\t:dir) _files -/ ;;\n"
	"\t\t*) offered+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[1]}\" --complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t(( ${#offered} )) && _describe gainsay offered\n"
	"}\n"
	"if [[ $funcstack[1] == _gainsay ]]; then _gainsay \"$@\"; else compdef _gainsay gainsay; fi\n";

static const char fish[] = "# fish completion of gainsay: gainsay completion fish | source\n"
			   "function __gainsay_complete\n"
			   "\tset -l words (commandline -opc) (commandline -ct)\n"
			   "\tfor line in ($words[1] --complete $words[2..-1] 2>/dev/null)\n"
			   "\t\tswitch $line\n"
			   "\t\t\tcase ':file'\n"
			   "\t\t\t\t__fish_complete_path (commandline -ct)\n"
			   "\t\t\tcase ':dir'\n"
			   "\t\t\t\t__fish_complete_directories (commandline -ct)\n"
			   "\t\t\tcase '*'\n"
			   "\t\t\t\techo $line\n"
			   "\t\tend\n"
			   "\tend\n"
			   "end\n"
			   "complete -c gainsay -f -a '(__gainsay_complete)'\n";

int gs_cmd_completion(int argc, char **argv)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	struct gs_cli cli = {
		.usage = "gainsay completion bash|zsh|fish",
		.about = "Prints a script for the shell: commands, options and names of files by the tab key.\n"
			 "In the shell's own file of settings:\n"
			 "  bash   source <(gainsay completion bash)\n"
			 "  zsh    source <(gainsay completion zsh), behind compinit\n"
			 "  fish   gainsay completion fish | source\n"
			 "'make install' puts all three where shells look for them.",
		.args_min = 1,
		.args_max = 1};
	int code = gs_cli_parse(&cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	for (size_t i = 0; i < GS_ARRAY_LEN(scripts); i++) {
		if (strcmp(cli.arg[0], scripts[i].shell) == 0) {
			fputs(scripts[i].script, stdout);
			return GS_EXIT_OK;
		}
	}
	return gs_cli_misused("completion %s: no such shell; there are bash, zsh and fish", cli.arg[0]);
}
